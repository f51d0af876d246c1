import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** One Worker of several in a workerd: an isolate of its own. */
export interface WorkerService {
  /** The module in this folder. */
  readonly entry: string;
  /** The classes of Durable Objects that live here. */
  readonly objects?: readonly string[];
  /** The objects that it reaches, by the name of the binding. */
  readonly bindings?: Readonly<Record<string, { readonly service: string; readonly className: string }>>;
  /** Whether it is reached from outside. */
  readonly listens?: boolean;
}

export type WorkerServices = Readonly<Record<string, WorkerService>>;

/** A workerd process. Wrangler runs the same program; without it a start takes 30 ms, so that it can be killed often. */
export interface Workerd {
  /** Where each service that listens is reached. */
  readonly urls: Readonly<Record<string, string>>;
  /** Resolves when the process is gone and all that it said was heard. */
  readonly gone: Promise<void>;
  /** SIGKILL: nothing in it gets to do anything more. */
  kill(): Promise<void>;
}

export interface WorkerdOptions {
  /** Keeps what objects store, so that the next one can be started over the same. */
  readonly folder: string;
  /** Where services listen; without it the system chooses. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Hears each line that Workers print. */
  readonly onLine?: (line: string) => void;
}

const COMPATIBILITY_DATE = "2026-06-01";
const BINARY = fileURLToPath(new URL("../../node_modules/workerd/bin/workerd", import.meta.url));

/** Starts the real workerd around some services, offline. */
export async function startWorkerd(
  services: WorkerServices,
  { folder, ports = {}, onLine = () => undefined }: WorkerdOptions,
): Promise<Workerd> {
  await writeConfig(services, folder);
  const addresses = Object.entries(ports).map(([name, port]) => `--socket-addr=${name}=127.0.0.1:${port}`);
  // In this process's group: whatever ends that, ends it too.
  const child = spawn(BINARY, ["serve", "--experimental", "--control-fd=3", ...addresses, "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const gone = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    forEachLine(output, (line) => {
      said = `${said}${line}\n`.slice(-20_000);
      onLine(line);
    });
  }
  const names = Object.keys(services).filter((name) => services[name]?.listens === true);
  const urls: Record<string, string> = {};
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    void gone.then(() => reject(new Error(`workerd ended: ${said}`)));
    forEachLine(child.stdio[3] as ChildProcess["stdout"], (line) => {
      const { event, socket, port } = JSON.parse(line) as Record<string, string>;
      if (event === "listen" && socket !== undefined) urls[socket] = `http://127.0.0.1:${port}`;
      if (names.every((name) => urls[name] !== undefined)) resolve();
    });
  });
  return {
    urls,
    gone,
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function forEachLine(output: ChildProcess["stdout"], take: (line: string) => void): void {
  let rest = "";
  output?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  });
}

const written = new Map<string, Promise<void>>();

/** Once for each folder: a workerd that is started again finds it there. */
function writeConfig(services: WorkerServices, folder: string): Promise<void> {
  const config = written.get(folder) ?? bundleAll(services, folder);
  written.set(folder, config);
  return config;
}

async function bundleAll(services: WorkerServices, folder: string): Promise<void> {
  mkdirSync(`${folder}/storage`, { recursive: true });
  const entries = [...new Set(Object.values(services).map(({ entry }) => entry))];
  await build({
    entryPoints: entries.map((entry) => fileURLToPath(new URL(entry, import.meta.url))),
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
  });
  writeFileSync(`${folder}/config.capnp`, configOf(services));
}

/** Objects keep their storage in files under `storage`. */
function configOf(services: WorkerServices): string {
  const list = (items: readonly string[]): string => `[${items.join(", ")}]`;
  const entries = Object.entries(services);
  const workers = entries.map(([name, { entry, objects = [], bindings = {} }]) => {
    const module = entry.replace(/\.ts$/, ".js");
    const namespaces = objects.map((one) => `(className = "${one}", uniqueKey = "${name}-${one}", enableSql = true)`);
    const bound = Object.entries(bindings).map(
      ([binding, { service, className }]) =>
        `(name = "${binding}", durableObjectNamespace = (className = "${className}", serviceName = "${service}"))`,
    );
    return `(name = "${name}", worker = (
      modules = [(name = "${module}", esModule = embed "${module}")],
      compatibilityDate = "${COMPATIBILITY_DATE}", compatibilityFlags = ["enable_request_signal"],
      bindings = ${list(bound)}, durableObjectNamespaces = ${list(namespaces)},
      durableObjectStorage = (localDisk = "storage")))`;
  });
  const sockets = entries
    .filter(([, { listens }]) => listens === true)
    .map(([name]) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`);
  const disk = `(name = "storage", disk = (path = "storage", writable = true))`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = ${list([...workers, disk])}, sockets = ${list(sockets)});
`;
}
