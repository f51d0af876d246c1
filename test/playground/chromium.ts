import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { projectFolder } from "../package/entries.ts";

// Where the browser tests get their browser from.

const SKIP_VARIABLE = "TURNWIRE_SKIP_BROWSER";

/** Whether the person who runs the tests wants them without a browser. */
export const skipBrowser = process.env[SKIP_VARIABLE] === "1";

const ARGS = [
  // As root, which containers are, it has no sandbox; these tests open nothing but their own server.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

interface Candidate {
  readonly executablePath: string;
  /** Folder of libraries that it brings, for machines without them. */
  readonly libraries?: string;
}

/**
 * A real Chromium: the one that `CHROME_PATH` names, the one that the dev dependencies bring, or the system's. Where
 * none starts, this throws, and says of each why.
 */
export async function launchChromium(): Promise<Browser> {
  const refusals: string[] = [];
  for await (const { executablePath, libraries } of candidates(refusals)) {
    try {
      const env = libraries === undefined ? {} : { env: { ...process.env, LD_LIBRARY_PATH: libraries } };
      return await chromium.launch({ executablePath, args: ARGS, timeout: 20_000, ...env });
    } catch (error) {
      refusals.push(`${executablePath}: ${firstLines(error)}`);
    }
  }
  throw new Error(
    `No Chromium starts, so these tests did not run. To leave them out: ${SKIP_VARIABLE}=1\n${refusals.join("\n")}`,
  );
}

async function* candidates(refusals: string[]): AsyncGenerator<Candidate> {
  const named = process.env["CHROME_PATH"];
  if (named) yield { executablePath: named };
  try {
    const { executablePath, libraries } = await unpackChromium();
    yield { executablePath };
    // The package's own libraries (nss and its like) are for machines that have none: the system's come first.
    yield { executablePath, libraries };
  } catch (error) {
    refusals.push(`@sparticuz/chromium: ${firstLines(error)}`);
  }
  for (const executablePath of ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]) {
    if (existsSync(executablePath)) yield { executablePath };
  }
}

/** Unpacks the browser in the dev dependencies, once, into a folder of this project. */
async function unpackChromium(): Promise<{ executablePath: string; libraries: string }> {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Error("It is for Linux on x64 only");
  const folder = `${projectFolder}.cache/chromium`;
  const unpacked = { executablePath: `${folder}/chromium`, libraries: `${folder}/al2023/lib` };
  if (existsSync(unpacked.executablePath)) return unpacked;
  // Several test files may be at it at once: each unpacks for itself, and the first one's becomes everybody's.
  mkdirSync(`${projectFolder}.cache`, { recursive: true });
  const own = mkdtempSync(`${folder}-`);
  const before = { ...process.env };
  try {
    // The package unpacks into the temporary folder; its libraries only where it takes the machine for a cloud function.
    Object.assign(process.env, { TMPDIR: own, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" });
    const { default: packaged } = await import("@sparticuz/chromium");
    await packaged.executablePath();
    renameSync(own, folder);
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    if (!existsSync(unpacked.executablePath)) throw error;
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
  return unpacked;
}

function firstLines(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  // Its whole command line says nothing about what is wrong.
  return lines
    .filter((line) => !line.includes("<launching>"))
    .slice(0, 6)
    .join("\n  ");
}
