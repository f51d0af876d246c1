import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { WorkerBundle } from "../../cloudflare/bundle-worker.ts";

/** A Worker in a workerd of its own, with nothing between it and whoever asks. */
export interface WorkerdProcess {
  readonly url: string;
  /** Milliseconds from the start of the process until it listened. */
  readonly listenedMs: number;
  /** Processor time that it has taken so far. */
  cpuMs(): number;
  /** Memory that it holds now. */
  rssMb(): number;
  stop(): Promise<void>;
}

/** A Worker's files on disk, for any number of starts. */
export interface WorkerFolder {
  readonly path: string;
  remove(): void;
}

const CLOCK_TICKS_PER_SECOND = 100;

export interface WorkerBindings {
  /** The names of the Worker's classes of Durable Objects; each is bound under its own name. */
  readonly objects?: readonly string[];
  /** The name under which it gets what loads other Workers. */
  readonly loader?: string;
}

export function writeWorkerFolder(bundle: WorkerBundle, bindings: WorkerBindings = {}): WorkerFolder {
  const path = mkdtempSync(join(tmpdir(), "turnwire-workerd-"));
  mkdirSync(join(path, "objects"));
  for (const { name, bytes } of bundle) writeFileSync(join(path, name), bytes);
  writeFileSync(join(path, "config.capnp"), configOf(bundle, bindings));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function configOf(bundle: WorkerBundle, { objects = [], loader }: WorkerBindings): string {
  const modules = bundle.map(({ name, kind }) => `(name = "${name}", ${kind} = embed "${name}")`);
  const namespaces = objects.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`);
  const bindings = objects.map((name) => `(name = "${name}", durableObjectNamespace = "${name}")`);
  if (loader !== undefined) bindings.push(`(name = "${loader}", workerLoader = ())`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "objects", disk = (path = "objects", writable = true)),
    (name = "nowhere", network = (allow = []))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = ["enable_request_signal"],
  globalOutbound = "nowhere",
  durableObjectNamespaces = [${namespaces.join(", ")}],
  ${objects.length === 0 ? "" : `durableObjectStorage = (localDisk = "objects"),`}
  bindings = [${bindings.join(", ")}]
);
`;
}

export async function startWorkerd({ path }: WorkerFolder): Promise<WorkerdProcess> {
  const startedAt = performance.now();
  const child = spawn(workerdBinary(), ["serve", "--experimental", "--control-fd=3", "config.capnp"], {
    cwd: path,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  // Not even a bench that breaks off leaves one behind.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  let stopping = false;
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      if (!stopping) console.error(`workerd ended by itself: ${signal ?? `exit code ${code}`}`);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    process.off("exit", kill);
    kill();
    await exited;
  };
  const port = await Promise.race([
    listeningPort(child),
    exited.then(() => {
      throw new Error("workerd ended before it listened");
    }),
  ]);
  const { pid } = child;
  return {
    url: `http://127.0.0.1:${port}`,
    listenedMs: performance.now() - startedAt,
    cpuMs() {
      // The two fields after the eleventh behind the name, which stands in parentheses: user and system time.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
    },
    rssMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024,
    stop,
  };
}

function workerdBinary(): string {
  const { default: path } = createRequire(import.meta.url)("workerd") as { readonly default: string };
  return path;
}

async function listeningPort({ stdio }: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: stdio[3] as Readable })) {
    const said = JSON.parse(line) as { readonly event: string; readonly port?: number };
    if (said.event === "listen" && said.port !== undefined) return said.port;
  }
  throw new Error("workerd never listened");
}
