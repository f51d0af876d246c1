import { Hono } from "hono";

// What a Worker is that does nothing yet: the one that others are compared with.

export default new Hono().get("/ready", (context) => context.text("ready"));
