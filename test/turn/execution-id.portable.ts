import { deriveExecutionId, type ExecutionIdParts, parseExecutionId } from "../../src/index.ts";
import { forSeeds, type Random } from "../support/random.ts";
import type { PortableSuite } from "../support/test-api.ts";

const HOSTILE: readonly string[] = [
  ":",
  "@",
  "~",
  "%",
  "~1",
  "~0",
  "1",
  "0",
  "3~1",
  "a:b",
  "a@b",
  "a~1",
  "a:b:3",
  "a@b:c:3~1",
  "%3A",
  "%40",
  "%7E",
  "%25",
  "%",
  "%zz",
  "/",
  "\\",
  "?",
  "#",
  "+",
  "a b",
  " a",
  "a ",
  "a\nb",
  "\0",
  "é",
  "e\u0301",
  "日本語",
  "👩‍👩‍👧",
  "\u200b",
  "\u202e",
  "__proto__",
  "constructor",
  "..",
  "A",
  "a",
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("deriveExecutionId", () => {
    it("gives the ids of the documentation", () => {
      const parts = { projectId: "gtm-agent", sessionId: "thread-abc", turnIndex: 3 };
      expect(deriveExecutionId(parts)).toBe("gtm-agent:thread-abc:3");
      expect(deriveExecutionId({ ...parts, tenantId: "acme" })).toBe("acme@gtm-agent:thread-abc:3");
      expect(deriveExecutionId({ ...parts, tenantId: "acme", attempt: 1 })).toBe("acme@gtm-agent:thread-abc:3~1");
      expect(deriveExecutionId({ ...parts, attempt: 0 })).toBe("gtm-agent:thread-abc:3~0");
    });

    it("keeps apart what a plain join would mix up", () => {
      const id = (projectId: string, sessionId: string): string =>
        deriveExecutionId({ projectId, sessionId, turnIndex: 0 });
      expect(id("a:b", "c")).not.toBe(id("a", "b:c"));
      expect(id("a@b", "c")).not.toBe(
        deriveExecutionId({ tenantId: "a", projectId: "b", sessionId: "c", turnIndex: 0 }),
      );
      const plain = { projectId: "a", sessionId: "b" };
      const ids = [
        deriveExecutionId({ ...plain, turnIndex: 3 }),
        deriveExecutionId({ ...plain, turnIndex: 3, attempt: 0 }),
        deriveExecutionId({ ...plain, turnIndex: 3, attempt: 1 }),
        deriveExecutionId({ ...plain, turnIndex: 31 }),
        id("a", "b:3~1"),
        id("a", "b~1"),
      ];
      expect(new Set(ids).size).toBe(ids.length);
    });

    it("gives two different inputs two different ids, and parse gives each back", () => {
      const inputOf = new Map<string, string>();
      const check = (parts: ExecutionIdParts): void => {
        const id = deriveExecutionId(parts);
        expect(id).toMatch(/^[A-Za-z0-9\-_.!~*'()%@:]+$/);
        const input = canonical(parts);
        const earlier = inputOf.get(id);
        if (earlier !== undefined && earlier !== input) expect(`${earlier} and ${input} share ${id}`).toBe("");
        inputOf.set(id, input);
        expect(parseExecutionId(id)).toStrictEqual(parts);
      };
      // Every pair of hostile parts, with and without the parts that may be absent.
      for (const projectId of HOSTILE) {
        for (const sessionId of HOSTILE) {
          check({ projectId, sessionId, turnIndex: 1 });
          check({ projectId, sessionId, turnIndex: 1, attempt: 1 });
          check({ projectId, sessionId, turnIndex: 1, tenantId: sessionId });
        }
      }
      return forSeeds(20_000, (random) => {
        try {
          check(randomParts(random));
        } catch (error) {
          // Too long an id is refused; no other refusal is met by parts that are well formed.
          if (!(error instanceof RangeError)) throw error;
        }
      });
    });

    it("takes an id of 256 characters and no longer one", () => {
      const parts = (length: number) => ({
        projectId: "p",
        sessionId: "s".repeat(length - "p::7".length),
        turnIndex: 7,
      });
      const longest = deriveExecutionId(parts(256));
      expect(longest.length).toBe(256);
      expect(parseExecutionId(longest)).toEqual(parts(256));
      expect(() => deriveExecutionId(parts(257))).toThrow(RangeError);
      expect(() => deriveExecutionId({ ...parts(10), projectId: "日".repeat(50) })).toThrow(/256 characters/);
    });

    for (const name of ["projectId", "sessionId", "tenantId"] as const) {
      it(`refuses a ${name} that is none, naming it`, () => {
        for (const value of [
          "",
          " ",
          "\t\n",
          "\u00a0",
          "\ufeff",
          null,
          5,
          {},
          [],
          true,
          "\ud800",
          "a\udc00b",
          "\ud83d ",
        ]) {
          const parts = { projectId: "p", sessionId: "s", turnIndex: 0, [name]: value };
          const refused = (): unknown => deriveExecutionId(parts as unknown as ExecutionIdParts);
          expect(refused).toThrow(TypeError);
          expect(refused).toThrow(name);
        }
      });
    }

    for (const name of ["turnIndex", "attempt"] as const) {
      it(`refuses a ${name} that is no safe, non-negative integer, naming it`, () => {
        for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53, "1", null, 1n, {}]) {
          const parts = { projectId: "p", sessionId: "s", turnIndex: 0, [name]: value };
          const refused = (): unknown => deriveExecutionId(parts as unknown as ExecutionIdParts);
          expect(refused).toThrow(RangeError);
          expect(refused).toThrow(name);
        }
        const parts = { projectId: "p", sessionId: "s", turnIndex: 0, [name]: Number.MAX_SAFE_INTEGER };
        expect(parseExecutionId(deriveExecutionId(parts))).toEqual(parts);
      });
    }

    it("refuses what has a required part missing, and what is no object", () => {
      const missing = [
        { sessionId: "s", turnIndex: 0 },
        { projectId: "p", turnIndex: 0 },
      ];
      for (const parts of missing) expect(() => deriveExecutionId(parts as ExecutionIdParts)).toThrow(TypeError);
      expect(() => deriveExecutionId({ projectId: "p", sessionId: "s" } as ExecutionIdParts)).toThrow(RangeError);
      for (const parts of [undefined, null, "p:s:0", 5, []]) {
        expect(() => deriveExecutionId(parts as unknown as ExecutionIdParts)).toThrow(TypeError);
      }
    });
  });

  describe("parseExecutionId", () => {
    it("refuses every other spelling of an id", () => {
      const others = [
        "",
        " ",
        "p",
        "p:s",
        "p:s:",
        ":s:0",
        "p::0",
        "p:s:x",
        "p:s:-1",
        "p:s:+1",
        "p:s:1.0",
        "p:s:1e3",
        "p:s:03",
        "p:s:0~",
        "p:s:0~01",
        "p:s:0~1~2",
        "p:s:0~-1",
        "p:s:9007199254740993",
        "p:s:99999999999999999999",
        "p:s:٣",
        "@p:s:0",
        "t@@p:s:0",
        "t@u@p:s:0",
        "t:p:s:0",
        "p:s@x:0",
        "p:s:0 ",
        " p:s:0",
        "p:s:0\n",
        "%70:s:0",
        "p%3a:s:0",
        "p%2D:s:0",
        "p%:s:0",
        "%ff:s:0",
        "%ED%A0%80:s:0",
        "%20:s:0",
        "é:s:0",
        "p q:s:0",
        "p/q:s:0",
        "\ud800:s:0",
        "__proto__",
      ];
      for (const id of others) expect(() => parseExecutionId(id), id).toThrow(TypeError);
      for (const id of [undefined, null, 5, {}, ["p:s:0"]]) {
        expect(() => parseExecutionId(id as unknown as string)).toThrow(TypeError);
      }
      expect(() => parseExecutionId(`p:${"s".repeat(300)}:0`)).toThrow(RangeError);
      expect(() => parseExecutionId("x".repeat(1e6))).toThrow(RangeError);
    });

    it("takes just what derive gives: any text is refused or comes back the same", () =>
      forSeeds(20_000, (random) => {
        const id = randomId(random);
        let parts: ExecutionIdParts;
        try {
          parts = parseExecutionId(id);
        } catch (error) {
          expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
          return;
        }
        expect(deriveExecutionId(parts)).toBe(id);
      }));

    it("says what was given and what was expected", () => {
      expect(() => parseExecutionId("nonsense")).toThrow(
        'must be [tenant@]project:session:turn[~attempt], got "nonsense"',
      );
    });
  });
};

function randomPart(random: Random): string {
  let part = "";
  for (let pieces = random.below(3); pieces >= 0; pieces--) {
    const code = random.below(0xd800);
    part += random.chance(0.7)
      ? random.pick(HOSTILE)
      : String.fromCodePoint(random.chance(0.2) ? code + 0x10000 : code);
  }
  return part.trim() === "" ? "x" : part;
}

function randomParts(random: Random): ExecutionIdParts {
  const count = (): number => random.pick([0, 1, 3, 11, 31, random.below(1e6), Number.MAX_SAFE_INTEGER]);
  return {
    projectId: randomPart(random),
    sessionId: randomPart(random),
    turnIndex: count(),
    ...(random.chance(0.5) ? { tenantId: randomPart(random) } : {}),
    ...(random.chance(0.5) ? { attempt: count() } : {}),
  };
}

/** A text made of what ids are made of; often nearly one. */
function randomId(random: Random): string {
  const piece = (): string => random.pick(["a", "b", "%3A", "%3a", "%", "~", "~1", "1", "0", "@", ":", "é", ""]);
  const part = (): string => Array.from({ length: 1 + random.below(3) }, piece).join("");
  const end = random.pick(["0", "7", "07", "7~1", "7~", part()]);
  return `${random.chance(0.4) ? `${part()}@` : ""}${part()}:${part()}:${end}`;
}

function canonical({ tenantId, projectId, sessionId, turnIndex, attempt }: ExecutionIdParts): string {
  return JSON.stringify([tenantId ?? null, projectId, sessionId, turnIndex, attempt ?? null]);
}

export default suite;
