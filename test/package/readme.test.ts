import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { requireFreshBuild } from "./built.ts";
import { checkDocBlocks, type Verdicts } from "./check-doc-blocks.ts";
import { projectFolder } from "./entries.ts";
import { extractFromMarkdown, extractFromSource, type DocBlock } from "./extract-doc-blocks.ts";

const read = (file: string): string => readFileSync(`${projectFolder}${file}`, "utf8");
const sources = readdirSync(`${projectFolder}src`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => `src/${file.replaceAll("\\", "/")}`);
const blocks = [
  ...extractFromMarkdown("README.md", read("README.md")),
  ...sources.flatMap((file) => extractFromSource(file, read(file))),
];

describe("the code in README.md and in doc comments", () => {
  let verdicts: Verdicts = [];
  beforeAll(async () => {
    requireFreshBuild();
    verdicts = await checkDocBlocks(blocks, { folder: "doc-blocks", timeoutMs: 10_000 });
  }, 120_000);

  it("is found", () => {
    expect(blocks.length).toBeGreaterThan(0);
  });

  it("is run, with few exceptions", () => {
    const shown = blocks.filter(({ run }) => !run);
    // Some need a Worker, a test runner or a sandbox; other tests do what they show. All are type-checked.
    expect(shown.filter(({ file }) => file === "README.md").length).toBeLessThanOrEqual(3);
    expect(shown.length).toBeLessThanOrEqual(Math.ceil(blocks.length / 8));
  });

  it.each(blocks.map(({ file, line }, index) => ({ at: `${file}:${line}`, index })))("works at $at", ({ index }) => {
    expect(verdicts[index], verdicts[index]).toBeUndefined();
  });
});

describe("extracting", () => {
  it("finds ts blocks of Markdown and their lines, and no other language", () => {
    const text = "# A\n\n```ts\nlet a = 1;\n```\n\n```sh\nnpm\n```\n\n- item\n\n  ```ts no-run\n  let b = 2;\n  ```\n";
    expect(extractFromMarkdown("A.md", text)).toEqual([
      { file: "A.md", line: 4, code: "let a = 1;\n", run: true },
      { file: "A.md", line: 14, code: "let b = 2;\n", run: false },
    ]);
  });

  it("finds the examples of doc comments", () => {
    const text =
      "let x;\n/**\n * Text.\n *\n * @example\n * ```ts\n * let a = 1;\n *\n * a * 2;\n * ```\n */\nlet y; // ```ts";
    expect(extractFromSource("a.ts", text)).toEqual([
      { file: "a.ts", line: 7, code: "let a = 1;\n\na * 2;\n", run: true },
    ]);
  });
});

describe("checkDocBlocks", () => {
  const good = 'import { TurnError } from "turnwire"; new TurnError("closed", "Closed");';
  const answer = (response: string): string => `export default { fetch: (request: Request) => ${response} };`;
  const cases: readonly (readonly [name: string, code: string, problem: RegExp | undefined, run?: boolean])[] = [
    ["a good block", good, undefined],
    ["a wrong type", "const a: string = 1;", /^X\.md:7: error TS2322/],
    ["a name that is not exported", 'import { nothing } from "turnwire";', /TS2305/],
    ["an entry that does not exist", 'import "turnwire/nothing";', /TS2307|TS2882/],
    ["an error", 'throw new RangeError("boom");', /^X\.md:7: RangeError: boom/],
    ["a stray rejection", 'void Promise.reject(new Error("stray"));', /stray/],
    [
      "a block that never ends",
      "await new Promise(() => setInterval(() => undefined, 1000));",
      /did not end within 1000 ms/,
    ],
    ["a server that answers", answer("new Response(request.method)"), undefined],
    ["a server that refuses", answer('new Response("no", { status: 400 })'), /POST \/ was answered with HTTP 400: no/],
    ["an empty answer", answer("new Response()"), /HTTP 200/],
    ["a block that is not to be run", 'throw new Error("not run");', undefined, false],
    ["a block that is not run but mistyped", "const a: string = 1;", /TS2322/, false],
  ];
  let verdicts: Verdicts = [];
  beforeAll(async () => {
    const samples = cases.map(([, code, , run = true]): DocBlock => ({ file: "X.md", line: 7, code, run }));
    verdicts = await checkDocBlocks(samples, { folder: "doc-blocks-samples", timeoutMs: 1000 });
  }, 60_000);

  it.each(cases.map(([name, , problem], index) => ({ name, problem, index })))("judges $name", ({ problem, index }) => {
    if (problem === undefined) expect(verdicts[index]).toBeUndefined();
    else expect(verdicts[index]).toMatch(problem);
  });
});
