/** How many bytes each entry may cost a user, minified and gzipped, without its peers. A kB has 1000. */
export const sizeLimits: Readonly<Record<string, number>> = {
  turnwire: 5_000,
  "turnwire/client": 3_000,
  "turnwire/script": 15_000,
  "turnwire/script/workerd": 500,
  "turnwire/wire": 3_000,
};
