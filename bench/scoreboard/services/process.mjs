/** A service in a process of its own: `process.mjs <module> <settings as JSON>`. Says when it listens. */
const [module, settings] = process.argv.slice(2);
const { start } = await import(module);
await start(JSON.parse(settings));
process.send?.('listening');
