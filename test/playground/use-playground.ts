import { mkdirSync } from "node:fs";
import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { requireFreshBuild } from "../package/built.ts";
import { projectFolder } from "../package/entries.ts";
import { launchChromium, skipBrowser } from "./chromium.ts";
import { PlaygroundPage } from "./playground-page.ts";
import { type PlaygroundServer, startPlayground } from "./playground-server.ts";

const SCREENSHOTS = ".cache/screenshots";

export interface UsedPlayground {
  readonly server: PlaygroundServer;
  /** Another tab of the same person: what one tab keeps, the other finds. */
  openTab(options?: { readonly at?: string; readonly port?: number }): Promise<PlaygroundPage>;
  /** This test's browser window, before its first tab. */
  useContext(options: BrowserContextOptions): Promise<void>;
  readonly context: BrowserContext;
}

/**
 * One server and one browser for the tests of a file, and a fresh window for each of them. Each test leaves a picture of
 * its first tab where a person can look at it.
 */
export function usePlayground(
  options: { readonly pace: number } | { readonly start: () => Promise<PlaygroundServer> },
): UsedPlayground {
  let server: PlaygroundServer | undefined;
  let browser: Browser | undefined;
  let context: BrowserContext | undefined;
  let tabs: PlaygroundPage[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    if (skipBrowser) return;
    requireFreshBuild();
    mkdirSync(`${projectFolder}${SCREENSHOTS}`, { recursive: true });
    // One after the other: without a browser no server is started.
    browser = await launchChromium();
    server = await ("start" in options ? options.start() : startPlayground(options));
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    context = await browser?.newContext({ viewport: { width: 1280, height: 800 } });
  });

  afterEach(async ({ task }) => {
    const name = task.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
    const file = `${SCREENSHOTS}/${name}.png`;
    await tabs[0]?.page.screenshot({ path: `${projectFolder}${file}` });
    if (tabs.length > 0) console.log(`Screenshot: ${file}`);
    tabs = [];
    await context?.close();
    context = undefined;
    expect(problems.splice(0)).toEqual([]);
  });

  return {
    get server() {
      return present(server);
    },
    get context() {
      return present(context);
    },
    async useContext(options) {
      await context?.close();
      context = await present(browser).newContext(options);
    },
    async openTab({ at, port = present(server).port } = {}) {
      const page = await present(context).newPage();
      // A mistake in the page's own code fails the test, whatever else it sees.
      page.on("pageerror", (error) => problems.push(error.stack ?? error.message));
      await page.goto(at ?? `http://127.0.0.1:${port}/`);
      const tab = new PlaygroundPage(page);
      await tab.ready();
      tabs.push(tab);
      return tab;
    },
  };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("This test runs without its server or browser");
  return value;
}
