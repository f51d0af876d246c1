import type { ConformanceApi, ConformanceIt } from "./conformance-api.ts";
import type { Capability, ConformanceSkips, Guarantee, SubstrateFixture, SubstrateUnderTest } from "./fixture.ts";
import { createScenario } from "./scenario.ts";
import type { ConformanceTest, Section } from "./section.ts";
import { crashes } from "./sections/crashes.ts";
import { cursors } from "./sections/cursors.ts";
import { decisions } from "./sections/decisions.ts";
import { durability } from "./sections/durability.ts";
import { envelope } from "./sections/envelope.ts";
import { fencing } from "./sections/fencing.ts";
import { opening } from "./sections/opening.ts";
import { port } from "./sections/port.ts";
import { readers } from "./sections/readers.ts";
import { retention } from "./sections/retention.ts";
import { seams } from "./sections/seams.ts";
import { stopping } from "./sections/stopping.ts";

const SECTIONS: Readonly<Record<Guarantee, readonly [title: string, section: Section]>> = {
  S1: ["open attaches or starts, in one step", opening],
  S2: ["ids have no holes, and replay meets live without gap or repeat", seams],
  S3: ["what a reader saw is kept", durability],
  S4: ["a cursor that cannot be served is an error", cursors],
  S5: ["replay works after the end, and retention starts nothing again", retention],
  S6: ["readers do not disturb each other", readers],
  S7: ["a stop is durable, and works in every state", stopping],
  S8: ["the log has its envelope, or none", envelope],
  S9: ["an owner that was replaced cannot write", fencing],
  R5: ["a crash leaves nothing stuck", crashes],
  R7: ["an approval is decided once", decisions],
  port: ["inspect, list and unknown ids", port],
};

const DEFAULT_TEST_MS = 10_000;
const DEFAULT_BULK = 1000;
/** How much longer than the test itself the runner's own limit is, so that ours speaks first. */
const RUNNER_SLACK_MS = 5000;

/**
 * Tests a substrate against the numbered guarantees of the port. The substrate must run the `conformanceAgent` as its
 * `default` agent. Every test opens a fixture of its own; what a fixture can do beside giving the substrate decides
 * which situations the tests can bring about. A missing capability fails its tests until `skip` says why it is missing.
 *
 * @example
 * ```ts no-run
 * import { describe, expect, it } from "vitest";
 * import type { Substrate } from "turnwire/substrate";
 * import { conformanceAgent, describeSubstrate } from "turnwire/substrate/conformance";
 *
 * declare function createMySubstrate(agents: { default: typeof conformanceAgent }): Substrate;
 *
 * describeSubstrate(
 *   "my substrate",
 *   {
 *     open: async () => ({ substrate: createMySubstrate({ default: conformanceAgent }), slots: 4 }),
 *     skip: {
 *       reopen: "keeps everything in memory",
 *       another: "one process only",
 *       trim: "keeps everything",
 *       stall: "one process only",
 *       settles: "has no hooks",
 *     },
 *   },
 *   { describe, it, expect },
 * );
 * ```
 */
export function describeSubstrate(name: string, underTest: SubstrateUnderTest, api: ConformanceApi): void {
  const { skip = {} } = underTest;
  const sections = Object.entries(SECTIONS).map(([guarantee, [title, section]]) => {
    const tests: ConformanceTest[] = [];
    section((testTitle, needs, body) => void tests.push({ title: testTitle, needs, body }));
    return { guarantee, title, tests };
  });
  const keysOf = (guarantee: string, test: ConformanceTest): readonly string[] => [
    guarantee,
    ...test.needs,
    `${guarantee}: ${test.title}`,
  ];
  checkSkips(
    skip,
    new Set(sections.flatMap(({ guarantee, tests }) => tests.flatMap((test) => keysOf(guarantee, test)))),
  );
  const reasons: Readonly<Record<string, string | undefined>> = skip;
  api.describe(`substrate conformance: ${name}`, () => {
    for (const { guarantee, title, tests } of sections) {
      api.describe(`${guarantee}: ${title}`, () => {
        for (const test of tests) {
          const reason = keysOf(guarantee, test)
            .map((key) => reasons[key])
            .find((one) => one !== undefined);
          if (reason === undefined) addTest(test, underTest, api);
          else addSkipped(test.title, reason, api.it);
        }
      });
    }
  });
}

/** A skip that fits nothing is a mistake, or left over from a test that has another name now. */
function checkSkips(skip: ConformanceSkips, known: ReadonlySet<string>): void {
  for (const [what, reason] of Object.entries(skip)) {
    if (!known.has(what)) {
      const names = [...known].filter((name) => !name.includes(": ")).join(", ");
      throw new TypeError(`skip.${what} is nothing that can be skipped: ${names}, or a test as "S1: its title"`);
    }
    if (reason?.trim() === "") throw new TypeError(`skip.${what} must say why`);
  }
}

function addSkipped(title: string, reason: string, it: ConformanceIt): void {
  const empty = (): Promise<void> => Promise.resolve();
  if (it.skip === undefined) it(`${title} (SKIPPED: ${reason})`, empty);
  else it.skip(`${title} (${reason})`, empty);
}

function addTest(test: ConformanceTest, underTest: SubstrateUnderTest, { it, expect }: ConformanceApi): void {
  const { testMs = DEFAULT_TEST_MS, bulk = DEFAULT_BULK } = underTest;
  const run = async (): Promise<void> => {
    const over = new AbortController();
    const opening = underTest.open();
    const body = async (): Promise<void> => {
      const fixture = await opening;
      checkNeeds(test, fixture);
      await test.body(createScenario({ fixture, expect, bulk, over: over.signal }));
    };
    try {
      await within(testMs, body);
    } finally {
      over.abort();
      await within(testMs, async () => (await opening).close?.());
    }
  };
  it(test.title, run, 2 * testMs + RUNNER_SLACK_MS);
}

/** Runners differ in what they do about a test that hangs; here it fails, and the next one begins. */
async function within(ms: number, body: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done within ${ms} ms: something hangs`)), ms);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How to tell that a fixture has what a test needs; what the port always has is missing only where it is skipped. */
const HAS: Readonly<Record<Capability, (fixture: SubstrateFixture) => boolean>> = {
  reopen: (fixture) => fixture.reopen !== undefined,
  another: (fixture) => fixture.another !== undefined,
  trim: (fixture) => fixture.trim !== undefined,
  stall: (fixture) => fixture.stall !== undefined,
  slots: (fixture) => fixture.slots !== undefined,
  settles: (fixture) => fixture.settles === true,
  cursorAhead: (fixture) => fixture.ids !== "opaque" || fixture.cursorAhead !== undefined,
  list: (fixture) => fixture.substrate.list !== undefined,
  agentCalls: () => true,
  conflicts: () => true,
  approvals: () => true,
};

function checkNeeds({ needs }: ConformanceTest, fixture: SubstrateFixture): void {
  for (const need of needs) {
    if (HAS[need](fixture)) continue;
    throw new Error(
      `This test needs "${need}", which the fixture does not have; add it, or say why not: skip: { ${need}: "…" }`,
    );
  }
}
