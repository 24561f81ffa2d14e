// Airtable's script sandbox, as far as it is certain, on a clock of its own.
//
// The script gets `input`, `output`, `fetch`, `console` and plain JavaScript, and nothing else that Node has; what a real sandbox may or
// may not have on top (timers, AbortSignal, a working Atomics) is chosen by the test. No second passes: time moves when the script has
// nothing left to do but wait, when it blocks, and a little with every look at the clock, as it does for one who burns CPU.

import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const source = readFileSync(new URL('../../docs/airtable/automation.js', import.meta.url), 'utf8');
const script = new vm.Script(`(async () => {\n${source}\n})()`, { filename: 'automation.js', lineOffset: -1 });

export const URL_INPUT = 'https://sync.example.mx/airtable-sync';
export const SECRET = 'una-clave-muy-secreta-0123456789';
export const RECORD = 'recA1b2C3d4E5f6G7';
export const OUTPUTS = [
    'status', 'message', 'action', 'attempts', 'duration_ms', 'http_status', 'error_type', 'timestamp',
];

/** What sandboxes may have on top of what is certain. */
export const SANDBOXES = {
    'timers and AbortSignal': { timers: true, abort: true, atomics: 'all' },
    'timers alone': { timers: true, abort: false, atomics: 'none' },
    'AbortSignal alone': { timers: false, abort: true, atomics: 'none' },
    'no timers': { timers: false, abort: false, atomics: 'all' },
    'no timers, Atomics.wait alone': { timers: false, abort: false, atomics: 'wait' },
    'no timers, Atomics forbidden': { timers: false, abort: false, atomics: 'forbidden' },
    'no timers, no Atomics': { timers: false, abort: false, atomics: 'none' },
};

/** Airtable ends a script after this. */
const CUT_OFF_MS = 30_000;
/** And a fetch after this, answer included. */
const FETCH_LIMIT_MS = 12_000;
/** What a look at the clock costs. */
const LOOK_MS = 0.5;
const START = Date.parse('2026-03-01T08:00:00.000Z');

/**
 * Runs the script. `replies` are the answers to its requests, in this order; the last one repeats.
 *
 * A reply is `{ status, headers, body, after, bodyAfter, brokenBody }`, with times in ms, or `{ reject: error, after }`, or `{ hang: true }`,
 * which Airtable ends by its limit on a fetch.
 */
export async function run({
    replies = [],
    sandbox = SANDBOXES['no timers'],
    config = { url: URL_INPUT, secret: SECRET, recordId: RECORD },
    builderHub,
    random = () => 0.5,
    fetchLimitMs = FETCH_LIMIT_MS,
    lateByMs = 0,
} = {}) {
    const clock = new Clock();
    const seen = { requests: [], outputs: {}, lines: [], alarms: 0, looks: 0, cutOff: false, error: null };

    const context = vm.createContext({
        input: { config: () => config, ...(builderHub ? { secret: builderHub } : {}) },
        output: {
            set: (name, value) => {
                JSON.stringify(value);
                seen.outputs[name] = value;
            },
        },
        console: Object.fromEntries(
            ['log', 'warn', 'error'].map((level) => [level, (...parts) => seen.lines.push({ level, text: parts.join(' ') })]),
        ),
        fetch: (url, init) => {
            const reply = replies[Math.min(seen.requests.length, replies.length - 1)];
            const request = { url, ...init, at: clock.now - START, ended: null };
            seen.requests.push(request);
            return answer(clock, request, reply, fetchLimitMs);
        },
    });
    equip(context, clock, sandbox, seen, lateByMs);
    vm.runInContext('Math', context).random = random;

    let done = false;
    const running = script.runInContext(context).then(
        () => (done = true),
        (error) => {
            done = true;
            seen.error = String(error?.message ?? error);
        },
    );
    while (true) {
        // Everything that is ready happens before time moves.
        await new Promise((resolve) => setImmediate(resolve));
        if (done) break;
        if (!clock.advance(START + CUT_OFF_MS)) {
            seen.cutOff = true;
            break;
        }
    }
    if (done) await running;
    seen.ms = clock.now - START;
    return seen;
}

/** Events in their order, and the time that is told. */
class Clock {
    now = START;
    #events = [];

    in(ms, what) {
        const event = { at: this.now + Math.max(0, ms), what };
        this.#events.push(event);
        return () => {
            this.#events = this.#events.filter((other) => other !== event);
        };
    }

    /** Moves to the next event, if there is one by `end`. */
    advance(end) {
        const next = this.#events.reduce((first, event) => (first && first.at <= event.at ? first : event), null);
        if (!next || next.at > end) {
            this.now = Math.max(this.now, end);
            return false;
        }
        this.#events = this.#events.filter((event) => event !== next);
        this.now = Math.max(this.now, next.at);
        next.what();
        return true;
    }
}

/** An exchange over the network: the promise that `fetch` gives. */
function answer(clock, request, reply, fetchLimitMs) {
    return new Promise((resolve, reject) => {
        let fail = reject;
        let open = true;
        const end = (error) => {
            if (!open) return;
            open = false;
            request.ended = clock.now - START;
            fail(error);
        };
        clock.in(fetchLimitMs, () => end(new Error('The request took too long.')));
        request.signal?.onAbort((error) => end(error));
        if (reply.hang) return;
        clock.in(reply.after ?? 20, () => {
            if (!open) return;
            if ('reject' in reply) return end(reply.reject);
            const headers = new Map(Object.entries(reply.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
            resolve({
                status: reply.status,
                ok: reply.status >= 200 && reply.status < 300,
                headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
                text: () =>
                    new Promise((resolveText, rejectText) => {
                        fail = rejectText;
                        if (!open) return rejectText(new Error('The request is over.'));
                        clock.in(reply.bodyAfter ?? 0, () => {
                            if (!open) return;
                            if (reply.brokenBody) return end(new Error('terminated'));
                            open = false;
                            request.ended = clock.now - START;
                            resolveText(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
                        });
                    }),
            });
        });
    });
}

/** Gives the context its clock and what this sandbox has. */
function equip(context, clock, { timers, abort, atomics }, seen, lateByMs) {
    context.__look = () => {
        seen.looks += 1;
        clock.now += LOOK_MS;
        return Math.floor(clock.now);
    };
    vm.runInContext(
        `{
            const look = globalThis.__look;
            delete globalThis.__look;
            globalThis.Date = class extends Date {
                constructor(...args) { super(...(args.length > 0 ? args : [look()])); }
                static now() { return look(); }
            };
        }`,
        context,
    );
    if (timers) {
        context.setTimeout = (what, ms) => alarm(clock, seen, ms + lateByMs, what);
        context.clearTimeout = (cancel) => cancel?.();
    }
    if (abort) {
        context.AbortSignal = class {
            static timeout(ms) {
                const listeners = [];
                clock.in(ms, () => {
                    const error = Object.assign(new Error('The operation timed out.'), { name: 'TimeoutError' });
                    for (const tell of listeners) tell(error);
                });
                return { onAbort: (tell) => listeners.push(tell) };
            }
        };
    }
    if (atomics === 'none') {
        vm.runInContext('delete globalThis.Atomics; delete globalThis.SharedArrayBuffer;', context);
        return;
    }
    const forbidden = () => {
        throw new TypeError('Atomics.wait cannot be called in this context');
    };
    context.Atomics = {
        wait: (_cell, _index, _value, ms) => {
            clock.now += ms > 0 ? ms + lateByMs : 0;
            return 'timed-out';
        },
    };
    if (atomics === 'all') {
        context.Atomics.waitAsync = (cell, _index, _value, ms) => ({
            async: true,
            value: new Promise((resolve) => {
                const cancel = alarm(clock, seen, ms, () => resolve('timed-out'));
                cell.wake = () => {
                    cancel();
                    resolve('ok');
                };
            }),
        });
        context.Atomics.notify = (cell) => cell.wake();
    }
    if (atomics === 'forbidden') context.Atomics = { wait: forbidden, waitAsync: forbidden, notify: forbidden };
}

/** An event that counts among `seen.alarms` until it rings or is cancelled. */
function alarm(clock, seen, ms, what) {
    seen.alarms += 1;
    let set = true;
    const over = () => {
        if (set) seen.alarms -= 1;
        set = false;
    };
    const cancel = clock.in(ms, () => {
        over();
        what();
    });
    return () => {
        over();
        cancel();
    };
}
