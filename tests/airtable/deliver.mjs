// Runs the automation script once, as Airtable does after an edit: against a real service, in a context with nothing but what is certain.
//
// node deliver.mjs <url> <recordId>, with the secret in the variable VITRINA_SECRET. Prints the outputs as JSON, logs to standard error,
// exit code 1 if the run failed.

import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const [url, recordId] = process.argv.slice(2);
const outputs = {};
const say = (...parts) => process.stderr.write(`${parts.join(' ')}\n`);

const context = vm.createContext({
    input: { config: () => ({ url, recordId }), secret: (name) => process.env[name] },
    output: { set: (name, value) => (outputs[name] = value) },
    console: { log: say, warn: say, error: say },
    fetch,
});

// Airtable waits for its script; Node would leave while a fetch has lost its connection and not got another yet.
const awake = setInterval(() => {}, 1_000);
const source = readFileSync(new URL('../../docs/airtable/automation.js', import.meta.url), 'utf8');
try {
    await vm.runInContext(`(async () => {\n${source}\n})()`, context, { filename: 'automation.js', lineOffset: -1 });
} catch (error) {
    process.exitCode = 1;
    say(error?.message ?? error);
}
clearInterval(awake);
console.log(JSON.stringify(outputs));
