import { describe, expect, it } from "vitest";
import { skipBrowser } from "./chromium.ts";
import type { PlaygroundPage } from "./playground-page.ts";
import { usePlayground } from "./use-playground.ts";

describe.skipIf(skipBrowser)("playground: approvals", () => {
  const playground = usePlayground({ pace: 0.1 });

  async function askForApproval(): Promise<PlaygroundPage> {
    const tab = await playground.openTab();
    await tab.ask("approval", "Make some room on the server.");
    await tab.waitForStatus("Waiting for you");
    const card = tab.page.getByRole("region", { name: "Approval: delete_files" });
    expect(await card.textContent()).toContain("Deleted files cannot be brought back.");
    expect(JSON.parse(await card.getByRole("textbox").first().inputValue())).toMatchObject({
      folder: "/srv/reports/2019",
    });
    return tab;
  }

  it("approves a tool call", async () => {
    const tab = await askForApproval();
    await tab.page.getByRole("button", { name: "Approve" }).click();
    await tab.waitForEnd(0, "Done");
    expect(await tab.answer(0)).toContain("Done: 214 files in /srv/reports/2019 are gone");
    expect(await tab.events()).toContainEqual(expect.stringContaining("approval.resolved"));
    expect(await tab.page.getByText("Approved", { exact: true }).isVisible()).toBe(true);
    // What was said before the question stays part of the answer.
    const [kept] = await tab.kept();
    expect(kept?.finalText).toBe(await tab.answer(0));
  });

  it("edits a tool call's input", async () => {
    const tab = await askForApproval();
    const input = tab.page.getByLabel("With this input");
    await tab.page.getByRole("button", { name: "Edit" }).click();
    await input.fill("{ not json");
    await tab.page.getByRole("button", { name: "Run with this input" }).click();
    await tab.page.getByText("This is not JSON").waitFor();
    await input.fill('{ "folder": "/tmp/only-this", "pattern": "*.tmp" }');
    await tab.page.getByRole("button", { name: "Run with this input" }).click();
    await tab.waitForEnd(0, "Done");
    expect(await tab.answer(0)).toContain("Done: 214 files in /tmp/only-this are gone");
  });

  it("rejects a tool call with a word to the agent", async () => {
    const tab = await askForApproval();
    await tab.page.getByLabel("A word to the agent").fill("Not on a Friday.");
    await tab.page.getByRole("button", { name: "Reject" }).click();
    await tab.waitForEnd(0, "Done");
    expect(await tab.answer(0)).toContain("I leave everything as it is. You said: “Not on a Friday.”.");
  });

  it("waits for a person through a restart of the server", async () => {
    const tab = await askForApproval();
    await playground.server.kill();
    await tab.waitForStatus(/Reconnecting/);
    await playground.server.startAgain();
    await tab.waitForStatus("Waiting for you");
    await tab.page.reload();
    await tab.waitForStatus("Waiting for you");
    await tab.page.getByRole("button", { name: "Approve" }).click();
    await tab.waitForEnd(0, "Done");
    expect(await tab.fact("Attempts")).toBe("1");
  });
});
