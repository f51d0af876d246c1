type MayBeUndefined<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];

/** An object whose keys that may be undefined are absent instead. */
export type Defined<T> = Omit<T, MayBeUndefined<T>> & {
  readonly [Key in MayBeUndefined<T>]?: Exclude<T[Key], undefined>;
};

/** The entries that have a value: in what others see, optional keys are absent rather than undefined. */
export function defined<T extends object>(entries: T): Defined<T> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Defined<T>;
}
