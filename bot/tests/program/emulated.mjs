// Starts the npm package `emulate` as a Slack that tells a program what happens in it. It sends events to whoever is registered, and
// its command line has no word for that, so the registration stands here.
//
//     node emulated.mjs FOLDER PORT EVENTS SEED        where it is installed; the address that hears events; a file with the seed
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, port, events, seed] = process.argv.slice(2);
const dist = join(folder, "node_modules/emulate/dist");
const holdsSlack = (name) => name.endsWith(".js") && readFileSync(join(dist, name), "utf8").includes("var slackPlugin =");
const load = (name) => import(pathToFileURL(join(dist, name)));

const { slackPlugin } = await load(readdirSync(dist).find(holdsSlack));
const register = slackPlugin.register;
slackPlugin.register = (app, store, webhooks, ...rest) => {
  webhooks.register({ url: events, events: ["*"], active: true, owner: "slack" });
  return register.call(slackPlugin, app, store, webhooks, ...rest);
};

const { createEmulator } = await load("api.js");
await createEmulator({ service: "slack", port: Number(port), hostname: "127.0.0.1", seed: JSON.parse(readFileSync(seed, "utf8")) });
console.log("ready");
