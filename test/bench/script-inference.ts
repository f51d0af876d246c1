import { generateText, isStepCount, jsonSchema, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { build } from "esbuild";
import { createSession, engines, tools, turns } from "../../src/inference/index.ts";
import { extrasSource } from "../../src/script/guest/extras-source.generated.ts";
import { guestModules } from "../../src/script/guest/guest-modules.ts";
import { createScriptRuntime, quickjs } from "../../src/script/index.ts";
import { projectFolder } from "../package/entries.ts";
import { bareContext, bareModule } from "./bare-quickjs.ts";
import { type BenchResult, compare, microsecondsEach, printResults } from "./script-rounds.ts";

// The inference core: on the host and inside the VM against the AI SDK's tool loop, and what the VM around it costs.

const MiB = 1024 * 1024;
const limits = { sliceMs: 5_000, timeoutMs: 60_000, memoryBytes: 32 * MiB };
const ITERATIONS = 10;

// The same loop for both homes, as a script. What a chat sets up once, and not for each turn, is set up once on both sides.
const LOOP = `
const registry = tools.createRegistry().register({
  name: "add",
  parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
  handler: async ({ a }) => ({ sum: a + 1 }),
});
export function openLoop() {
  let asked;
  const engine = engines.fromFunction(async (turn) => {
    if (++asked > ${ITERATIONS - 1}) turn.blocks.push(turns.newAssistantBlock("done"));
    else turn.blocks.push(turns.newToolCallBlock("c" + asked, "add", { a: asked }));
  });
  const session = createSession({
    engine, tools: registry, toolLoop: { maxIterations: ${ITERATIONS} },
    toolHooks: { beforeToolCall: async () => undefined, afterToolCall: async () => undefined },
  });
  return async () => {
    asked = 0;
    await session.runAsync(turns.newTurn({ blocks: [turns.newUserBlock("go")] }));
  };
}
const echoTurn = { blocks: [{ kind: "user", payload: { text: "hello" } }] };
export const echo = () => createSession({ engine: engines.echo() }).run(echoTurn).blocks.length;
export const manyLoops = async (count) => {
  const loop = openLoop();
  for (let n = 0; n < count; n++) await loop();
};
export const manySessions = async (count) => {
  for (let n = 0; n < count; n++) await openLoop()();
};
`;

const isRightInput = (value: unknown): value is { a: number } =>
  typeof value === "object" && value !== null && "a" in value && typeof value.a === "number";

const inputSchema = jsonSchema<{ a: number }>(
  { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
  { validate: (value) => (isRightInput(value) ? { success: true, value } : { success: false, error: new Error() }) },
);
const add = tool({ inputSchema, execute: async ({ a }) => ({ sum: a + 1 }) });
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** The same steps: a model that answers at once, checked arguments, one callback before and one after each tool. */
async function sdkLoop(): Promise<void> {
  let asked = 0;
  // Not set up once: it keeps all that it was ever asked.
  const model = new MockLanguageModelV4({
    doGenerate: async () =>
      ++asked > ITERATIONS - 1
        ? {
            content: [{ type: "text", text: "done" }],
            finishReason: { unified: "stop", raw: "stop" },
            usage,
            warnings: [],
          }
        : {
            content: [{ type: "tool-call", toolCallId: `c${asked}`, toolName: "add", input: `{"a":${asked}}` }],
            finishReason: { unified: "tool-calls", raw: "tool-calls" },
            usage,
            warnings: [],
          },
  });
  await generateText({
    model,
    prompt: "go",
    tools: { add },
    stopWhen: isStepCount(ITERATIONS),
    onToolExecutionStart: async () => undefined,
    onToolExecutionEnd: async () => undefined,
  });
  if (asked !== ITERATIONS) throw new Error(`The peer asked ${asked} times`);
}

export async function bench(): Promise<BenchResult[]> {
  const modules = await guestModules({ engines: [], resolvesEngines: false, tools: [] });
  const source = `import { createSession, engines, tools, turns } from "turnwire";${LOOP}`;
  const runtime = createScriptRuntime({ engine: quickjs(), limits });
  const script = await runtime.openScript({ source, modules });
  const bareSource = await bundleBare();
  const module = await bareModule(limits.memoryBytes);
  const bare = bareContext(module, bareSource, "echo");
  const results = [
    await compare({
      name: `tool loop of ${ITERATIONS} on the host, against generateText`,
      limit: 1 / 3,
      ours: () => microsecondsEach(100, makeHostLoop()),
      peer: () => microsecondsEach(20, sdkLoop),
    }),
    await compare({
      name: `tool loop of ${ITERATIONS} inside the VM, against generateText on the host`,
      limit: 1,
      ours: async () => (await microsecondsEach(1, () => script.call("manyLoops", [50]))) / 50,
      peer: () => microsecondsEach(20, sdkLoop),
    }),
    // For information: what making a session, and throwing it away, adds.
    await compare({
      name: "the same, each in a session of its own",
      ours: async () => (await microsecondsEach(1, () => script.call("manySessions", [50]))) / 50,
      peer: () => microsecondsEach(20, sdkLoop),
    }),
    await compare({
      name: "one echo inference in the VM, against the same in bare QuickJS",
      limit: 1.3,
      ours: () => microsecondsEach(500, () => script.call("echo")),
      peer: () => microsecondsEach(500, async () => JSON.parse(bare.call("[]"))),
      rounds: 31,
    }),
    await compare({
      name: "a fresh context with the module ready, against a bare one with the same bytes",
      limit: 1.3,
      ours: () =>
        microsecondsEach(30, async () => {
          const opened = await runtime.openScript({ source, modules });
          await opened.close();
        }),
      peer: () => microsecondsEach(30, async () => bareContext(module, bareSource, "echo").dispose()),
    }),
  ];
  bare.dispose();
  await runtime.close();
  return results;
}

function makeHostLoop(): () => Promise<unknown> {
  let asked = 0;
  const registry = tools.createRegistry().register({
    name: "add",
    parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
    handler: async ({ a }: { a: number }) => ({ sum: a + 1 }),
  });
  const engine = engines.fromFunction(async (turn) => {
    if (++asked > ITERATIONS - 1) turn.blocks.push(turns.newAssistantBlock("done"));
    else turn.blocks.push(turns.newToolCallBlock(`c${asked}`, "add", { a: asked }));
  });
  const session = createSession({
    engine,
    tools: registry,
    toolLoop: { maxIterations: ITERATIONS },
    toolHooks: { beforeToolCall: async () => undefined, afterToolCall: async () => undefined },
  });
  return () => {
    asked = 0;
    return session.runAsync(turns.newTurn({ blocks: [turns.newUserBlock("go")] }));
  };
}

/** Core and script as one module, for a VM that loads none. */
async function bundleBare(): Promise<string> {
  const host = "{ engines: [], resolvesEngines: false, tools: [] }";
  const contents = `import { createGuest } from "./src/script/guest/create-guest.ts";
const { createSession, engines, tools, turns } = createGuest(${host}, ${JSON.stringify(extrasSource)});${LOOP}`;
  const result = await build({
    absWorkingDir: projectFolder,
    stdin: { contents, resolveDir: projectFolder },
    bundle: true,
    write: false,
    format: "esm",
    minify: true,
    target: "es2022",
  });
  return result.outputFiles[0]?.text ?? "";
}

if (import.meta.main) printResults(await bench());
