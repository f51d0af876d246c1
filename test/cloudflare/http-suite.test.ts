import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeAccept } from "../http/suite-accept.ts";
import { describeRefusals } from "../http/suite-refusals.ts";
import { describeRoutes } from "../http/suite-routes.ts";
import { startWorkerd, type Workerd } from "./start-workerd.ts";
import { storageFolder } from "./storage-folder.ts";

// What every server has to do, of a real workerd with Durable Objects behind the routes. How those bear readers that do
// not behave is tested beside this, because nobody in an isolate can count the readers of another.

const folder = storageFolder();
let workerd: Workerd | undefined;
const server = (): string => workerd?.urls["http"] ?? "";

beforeAll(async () => {
  const bindings = {
    STORED: { service: "http", className: "StoredObject" },
    TRIMMING: { service: "http", className: "TrimmingObject" },
  };
  const objects = Object.values(bindings).map(({ className }) => className);
  const services = { http: { entry: "http-worker.ts", objects, bindings, listens: true } };
  workerd = await startWorkerd(services, { folder: folder.path });
});

afterAll(async () => {
  await workerd?.kill();
  folder.remove();
});

const api = { describe, it, expect };
describeRoutes(api, server);
describeAccept(api, server);
describeRefusals(api, server, ["/stored", "/bare"]);
