/** How many bytes each entry may cost a user, minified and gzipped, without its peers. A kB has 1000. */
export const sizeLimits: Readonly<Record<string, number>> = {
  turnwire: 5_000,
  "turnwire/client": 3_000,
  "turnwire/wire": 4_000,
  "turnwire/run": 24_000,
  "turnwire/sqlite": 8_000,
  "turnwire/substrate": 500,
  "turnwire/substrate/conformance": 12_000,
  "turnwire/inference": 11_000,
  "turnwire/script": 17_000,
  "turnwire/script/guest": 11_000,
  "turnwire/script/workerd": 500,
};
