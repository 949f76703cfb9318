/** Whether two names are one: a person can't tell "é" from "e" with an accent put on it, and what a Mac's file is called comes as the latter. */
export const isSameName = (left: string, right: string): boolean => left.normalize() === right.normalize();
