import { bundleWorker, type WorkerBundle } from "../cloudflare/bundle-worker.ts";
import type { Row } from "./bench.ts";
import { startWorkerd, writeWorkerFolder } from "./cloudflare/start-workerd.ts";
import { interleave, type Timings } from "./interleave.ts";

// How long a Worker's code takes to answer its first request, next to an empty Hono Worker: in a fresh isolate of a
// workerd that runs already, and with a workerd of its own. The limit is on the whole of it; the first figure, in which
// the size of the code weighs most, is for information.

const NAMES = ["hono", "plain", "script"] as const;
type Name = (typeof NAMES)[number];
type Bundles = Readonly<Record<Name, WorkerBundle>>;

export async function bench(): Promise<Row[]> {
  const [hono, plain, script] = await Promise.all(
    NAMES.map((name) =>
      bundleWorker(new URL(`../cloudflare/bundle/${name}-worker.ts`, import.meta.url), { minify: true }),
    ),
  );
  if (hono === undefined || plain === undefined || script === undefined) throw new Error("A bundle is missing");
  const bundles = { hono, plain, script };
  const isolates = await inIsolates(bundles);
  const processes = await inProcesses(bundles);
  return [
    row("routes and Durable Object, in a fresh isolate, vs an empty Hono Worker", isolates, "plain"),
    row("the same with scripts and QuickJS", isolates, "script"),
    row("routes and Durable Object, from the start of a workerd, vs an empty Hono Worker", processes, "plain", 1.5),
    row("the same with scripts and QuickJS", processes, "script"),
  ];
}

function row(name: string, timings: Timings<Name>, ours: Name, limit?: number): Row {
  return {
    name,
    unit: "ms",
    ours: timings.ms(ours),
    peer: timings.ms("hono"),
    ratio: timings.ratio(ours, "hono"),
    ...(limit === undefined ? {} : { limit }),
  };
}

async function inIsolates(bundles: Bundles): Promise<Timings<Name>> {
  const folder = writeWorkerFolder(await bundleWorker(new URL("./cloudflare/loader-worker.ts", import.meta.url)), {
    loader: "LOADER",
  });
  const workerd = await startWorkerd(folder);
  try {
    for (const name of NAMES) {
      const form = new FormData();
      for (const { name: file, kind, bytes } of bundles[name]) {
        form.set(file, kind === "wasm" ? new Blob([bytes.slice()]) : new TextDecoder().decode(bytes));
      }
      await ready(await fetch(`${workerd.url}/${name}`, { method: "PUT", body: form }), "kept");
    }
    const load = (name: Name) => async (): Promise<void> => ready(await fetch(`${workerd.url}/${name}`));
    return await interleave(
      { hono: load("hono"), plain: load("plain"), script: load("script") },
      { rounds: 41, warmUps: 4 },
    );
  } finally {
    await workerd.stop();
    folder.remove();
  }
}

async function inProcesses(bundles: Bundles): Promise<Timings<Name>> {
  const folders = {
    hono: writeWorkerFolder(bundles.hono),
    plain: writeWorkerFolder(bundles.plain, { objects: ["TurnObject"] }),
    script: writeWorkerFolder(bundles.script, { objects: ["TurnObject"] }),
  };
  try {
    const start = (name: Name) => async (): Promise<void> => {
      const workerd = await startWorkerd(folders[name]);
      await ready(await fetch(`${workerd.url}/ready`));
      await workerd.stop();
    };
    return await interleave(
      { hono: start("hono"), plain: start("plain"), script: start("script") },
      { rounds: 21, warmUps: 2 },
    );
  } finally {
    for (const folder of Object.values(folders)) folder.remove();
  }
}

async function ready(response: Response, expected = "ready"): Promise<void> {
  const text = await response.text();
  if (text !== expected) throw new Error(`HTTP ${response.status}: ${text.slice(0, 500)}`);
}
