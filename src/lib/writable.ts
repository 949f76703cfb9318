/** A type as those fill it in who build it member by member. */
export type Writable<T> = { -readonly [Member in keyof T]: T[Member] };
