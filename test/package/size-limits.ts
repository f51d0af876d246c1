/** How many bytes each entry may cost a user, minified and gzipped, without its peers. A kB has 1000. */
export const sizeLimits: Readonly<Record<string, number>> = {
  turnwire: 7_990,
  "turnwire/client": 7_200,
  "turnwire/wire": 3_900,
  "turnwire/run": 20_450,
  "turnwire/sandbox": 17_600,
  "turnwire/sqlite": 6_850,
  "turnwire/cloudflare": 28_500,
  "turnwire/substrate": 500,
  "turnwire/substrate/conformance": 12_000,
  "turnwire/inference": 10_750,
  "turnwire/script": 15_000,
  "turnwire/script/guest": 10_750,
  "turnwire/script/workerd": 500,
  "turnwire/hono": 8_200,
};
