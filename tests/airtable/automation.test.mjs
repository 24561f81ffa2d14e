// The automation script, in every sandbox that Airtable may turn out to be. One entry: `node --test tests/airtable/`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { OUTPUTS, RECORD, SANDBOXES, SECRET, URL_INPUT, run } from './sandbox.mjs';

const BUDGET_MS = 25_000;
const MAX_ATTEMPTS = 4;
const CONFIG = { url: URL_INPUT, secret: SECRET, recordId: RECORD };

const synced = (action = 'updated') => ({
    status: 200,
    body: { success: true, message: `Mazda 3 ${action}`, action, data: { record_id: RECORD }, warnings: [] },
});
const queued = { status: 202, body: { success: true, message: 'in the queue', action: 'queued' } };
const refused = (status, retryable, headers) => ({
    status,
    headers,
    body: { success: false, error: `refused with ${status}`, ...(retryable === undefined ? {} : { retryable }) },
});
const unreachable = { reject: new TypeError('fetch failed') };

/** What holds after every run that Airtable did not cut off. */
function holds(seen, told = '') {
    assert.equal(seen.cutOff, false, `cut off ${told}`);
    assert.ok(seen.ms < BUDGET_MS, `${seen.ms} ms ${told}`);
    complete(seen, told);
    const { status, attempts, duration_ms: duration, error_type: errorType } = seen.outputs;
    assert.equal(attempts, seen.requests.length, `attempts ${told}`);
    assert.ok(attempts <= MAX_ATTEMPTS, `attempts ${told}`);
    assert.ok(duration <= seen.ms && seen.ms - duration < 100, `duration ${duration} of ${seen.ms} ${told}`);
    assert.equal(errorType === '', status !== 'error', `error_type ${told}`);
    assert.notEqual(errorType, 'cut_off', told);
    assert.equal(seen.alarms, 0, `alarms that go on after the script ${told}`);
    discreet(seen, told);
}

/** All eight outputs, of their types. */
function complete({ outputs }, told = '') {
    assert.deepEqual(Object.keys(outputs).sort(), [...OUTPUTS].sort(), told);
    for (const name of ['status', 'message', 'action', 'error_type', 'timestamp']) {
        assert.equal(typeof outputs[name], 'string', `${name} ${told}`);
    }
    for (const name of ['attempts', 'duration_ms', 'http_status']) {
        assert.ok(Number.isInteger(outputs[name]) && outputs[name] >= 0, `${name} ${told}`);
    }
    assert.ok(['success', 'queued', 'error'].includes(outputs.status), told);
    assert.ok(outputs.message.length > 0 && outputs.action.length > 0, told);
    assert.equal(new Date(outputs.timestamp).toISOString(), outputs.timestamp, told);
}

function discreet(seen, told = '') {
    const said = JSON.stringify([seen.outputs, seen.lines, seen.error]);
    assert.ok(!said.includes(SECRET), `the secret is told ${told}`);
}

for (const [name, sandbox] of Object.entries(SANDBOXES)) {
    const go = async (replies, more = {}) => {
        const seen = await run({ sandbox, replies, ...more });
        holds(seen);
        return seen;
    };
    const gap = (seen, number) => seen.requests[number].at - seen.requests[number - 1].ended;

    describe(name, () => {
        test('a delivery is one POST with the record, the attempt and the secret', async () => {
            const { requests } = await go([synced()]);
            assert.equal(requests.length, 1);
            const [{ url, method, headers, body }] = requests;
            assert.deepEqual([url, method], [URL_INPUT, 'POST']);
            assert.deepEqual({ ...headers }, { 'Content-Type': 'application/json', Authorization: `Bearer ${SECRET}` });
            const { timestamp, ...rest } = JSON.parse(body);
            assert.deepEqual(rest, { recordId: RECORD, source: 'airtable_automation', attempt: 1 });
            assert.match(timestamp, /^2026-03-01T08:00:00\.0\d\dZ$/);
        });

        test('each attempt tells the time of the edit, not its own', async () => {
            const { requests } = await go([refused(503, true), unreachable, synced()]);
            const times = requests.map(({ body }) => JSON.parse(body).timestamp);
            assert.equal(times.length, 3);
            assert.deepEqual(new Set(times), new Set([times[0]]));
            assert.match(times[0], /^2026-03-01T08:00:00\.0\d\dZ$/);
        });

        for (const action of ['created', 'updated', 'unchanged', 'archived', 'deleted', 'absent']) {
            test(`200 "${action}" is a success`, async () => {
                const { outputs, error } = await go([synced(action)]);
                assert.deepEqual(
                    [outputs.status, outputs.action, outputs.message, outputs.http_status],
                    ['success', action, `Mazda 3 ${action}`, 200],
                );
                assert.equal(error, null);
            });
        }

        test('202 is a success that follows by itself', async () => {
            const { outputs, requests, error } = await go([queued]);
            assert.deepEqual([outputs.status, outputs.action, outputs.http_status], ['queued', 'queued', 202]);
            assert.deepEqual([requests.length, error], [1, null]);
        });

        for (const [status, retryable, errorType] of [
            [400, false, 'bad_request'],
            [401, false, 'unauthorized'],
            [413, false, 'bad_request'],
            [502, false, 'airtable_refused'],
            [403, undefined, 'unauthorized'],
            [404, undefined, 'bad_request'],
            [405, undefined, 'bad_request'],
            [301, undefined, 'redirected'],
        ]) {
            test(`${status} is final: ${errorType}`, async () => {
                const { outputs, requests, error } = await go([refused(status, retryable)]);
                assert.equal(requests.length, 1);
                assert.deepEqual([outputs.status, outputs.error_type, outputs.http_status], ['error', errorType, status]);
                assert.match(outputs.message, new RegExp(`refused with ${status}`));
                assert.match(error, /vitrina: HTTP/, 'the run is marked as failed');
            });
        }

        for (const [status, retryable, errorType] of [
            [408, true, 'timeout'],
            [503, true, 'server_error'],
            [429, undefined, 'rate_limited'],
            [500, undefined, 'server_error'],
            [502, undefined, 'server_error'],
            [504, undefined, 'timeout'],
        ]) {
            test(`${status} is tried again: ${errorType}`, async () => {
                const twice = await go([refused(status, retryable), refused(status, retryable), synced()]);
                assert.deepEqual([twice.outputs.status, twice.outputs.attempts], ['success', 3]);
                assert.deepEqual(twice.requests.map(({ body }) => JSON.parse(body).attempt), [1, 2, 3]);
                const always = await go([refused(status, retryable)]);
                assert.deepEqual([always.outputs.error_type, always.outputs.attempts], [errorType, MAX_ATTEMPTS]);
            });
        }

        test('what the body says about retrying outweighs the status', async () => {
            for (const status of [400, 401, 404, 413, 501]) {
                const { outputs } = await go([refused(status, true), synced()]);
                assert.deepEqual([outputs.status, outputs.attempts], ['success', 2], `${status}`);
            }
            for (const status of [408, 429, 500, 502, 503, 504, 200]) {
                const { outputs } = await go([refused(status, false), synced()]);
                assert.deepEqual([outputs.status, outputs.attempts], ['error', 1], `${status}`);
            }
            const { outputs } = await go([{ status: 400, body: { retryable: 'true' } }, synced()]);
            assert.equal(outputs.attempts, 1, 'only a boolean counts');
        });

        test('waits grow, differ by chance, and stay short where they burn CPU', async () => {
            const waits = async (random) => {
                const seen = await go([refused(500)], { random: () => random });
                return [1, 2, 3].map((number) => gap(seen, number));
            };
            const [least, most] = [await waits(0), await waits(0.999)];
            for (const set of [least, most]) assert.ok(set[1] > set[0] * 1.4, `${set}`);
            assert.ok(least[0] < most[0] * 0.6, `${least} ${most}`);
            const burns = !sandbox.timers && !['all', 'wait'].includes(sandbox.atomics);
            const total = most.reduce((sum, wait) => sum + wait);
            assert.ok(burns ? total < 3_600 : total > 6_000, `${total}`);
        });

        test('nothing but the last resort burns CPU', async () => {
            const { looks, requests } = await go([refused(500)]);
            assert.equal(requests.length, MAX_ATTEMPTS);
            const burns = !sandbox.timers && !['all', 'wait'].includes(sandbox.atomics);
            assert.equal(looks > 200, burns, `${looks} looks at the clock`);
        });

        test('Retry-After is honoured, in seconds and as a date', async () => {
            const later = refused(503, true, { 'Retry-After': '7' });
            const seen = await go([later, synced()]);
            assert.equal(seen.outputs.status, 'success');
            assert.ok(gap(seen, 1) >= 7_000 && gap(seen, 1) < 8_100, `${gap(seen, 1)}`);

            const date = refused(503, true, { 'Retry-After': 'Sun, 01 Mar 2026 08:00:09 GMT' });
            const dated = await go([date, synced()]);
            assert.equal(dated.outputs.status, 'success');
            assert.ok(dated.requests[1].at >= 9_000 && dated.requests[1].at < 10_100, `${dated.requests[1].at}`);
        });

        test('a Retry-After that does not fit ends the run at once', async () => {
            for (const value of ['30', '13', '99999999999999999999', 'Sun, 01 Mar 2026 09:00:00 GMT']) {
                const seen = await go([refused(429, true, { 'Retry-After': value }), synced()]);
                assert.equal(seen.requests.length, 1, value);
                assert.deepEqual([seen.outputs.status, seen.outputs.error_type], ['error', 'rate_limited'], value);
                assert.match(seen.outputs.message, /No time is left/, value);
                assert.ok(seen.ms < 100, `${value}: ${seen.ms}`);
            }
        });

        test('a Retry-After that says nothing is passed over', async () => {
            for (const value of ['', '0', '-5', 'soon', 'NaN', 'Sun, 01 Mar 2020 08:00:00 GMT']) {
                const seen = await go([refused(503, true, { 'Retry-After': value }), synced()]);
                assert.equal(seen.outputs.status, 'success', value);
                assert.ok(gap(seen, 1) >= 250 && gap(seen, 1) < 2_100, `${value}: ${gap(seen, 1)}`);
            }
        });

        test('Retry-After of a final refusal does not matter', async () => {
            const seen = await go([refused(401, false, { 'Retry-After': '2' }), synced()]);
            assert.equal(seen.requests.length, 1);
        });

        test('network errors are tried again, whatever is thrown', async () => {
            for (const error of [new TypeError('fetch failed'), 'no route', undefined, null, { code: 7 }]) {
                const { outputs } = await go([{ reject: error }, synced()]);
                assert.deepEqual([outputs.status, outputs.attempts], ['success', 2]);
            }
            const { outputs, error } = await go([unreachable]);
            assert.deepEqual(
                [outputs.error_type, outputs.http_status, outputs.attempts],
                ['network', 0, MAX_ATTEMPTS],
            );
            assert.match(error, /fetch failed/);
        });

        test('a slow answer is waited for', async () => {
            const { outputs, requests } = await go([{ ...synced(), after: 8_500, bodyAfter: 500 }]);
            assert.deepEqual([outputs.status, requests.length], ['success', 1]);
        });

        test('an answer that never comes leaves time for a second attempt and the outputs', async () => {
            const seen = await go([{ hang: true }]);
            assert.equal(seen.requests.length, 2);
            const limits = sandbox.timers || sandbox.abort || sandbox.atomics === 'all';
            assert.equal(seen.outputs.error_type, limits ? 'timeout' : 'network');
            assert.ok(limits ? seen.ms < 22_500 : seen.ms > 24_000, `${seen.ms}`);
            const recovers = await go([{ hang: true }, synced()]);
            assert.equal(recovers.outputs.status, 'success');
        });

        test('an answer whose body never comes is a time-out as well', async () => {
            const seen = await go([{ ...synced(), bodyAfter: 60_000 }]);
            assert.deepEqual([seen.outputs.status, seen.outputs.http_status], ['error', 200]);
        });

        test('a success that cannot be read is not taken for one', async () => {
            for (const body of ['', '<html>welcome to our shop</html>', 'null', '[]', '"ok"', '{"success":true', '{}', '{"success":"true"}']) {
                const { outputs } = await go([{ status: 200, body }, synced()]);
                assert.deepEqual([outputs.status, outputs.attempts], ['success', 2], body);
                const always = await go([{ status: 200, body }]);
                assert.deepEqual([always.outputs.error_type, always.outputs.attempts], ['bad_answer', MAX_ATTEMPTS], body);
                assert.match(always.outputs.message, /url/, body);
            }
            const broken = await go([{ ...synced(), brokenBody: true }]);
            assert.equal(broken.outputs.error_type, 'bad_answer');
        });

        test('an error that cannot be read counts by its status', async () => {
            for (const reply of [{ body: '<html>' }, { body: '' }, { body: 'null' }, { brokenBody: true }]) {
                const final = await go([{ status: 401, ...reply }, synced()]);
                assert.deepEqual([final.outputs.error_type, final.outputs.attempts], ['unauthorized', 1]);
                const passing = await go([{ status: 502, ...reply }, synced()]);
                assert.deepEqual([passing.outputs.status, passing.outputs.attempts], ['success', 2]);
            }
        });

        test('after a success nothing more is sent', async () => {
            for (const before of [[], [unreachable], [refused(503, true)], [{ hang: true }]]) {
                const { requests } = await go([...before, synced(), refused(500)]);
                assert.equal(requests.length, before.length + 1);
            }
        });

        test('a missing or wrong input is named, and nothing is sent', async () => {
            for (const missing of ['url', 'secret', 'recordId']) {
                for (const value of [undefined, '', '  ', null, 7, ['x']]) {
                    const seen = await go([synced()], { config: { ...CONFIG, [missing]: value } });
                    assert.equal(seen.requests.length, 0);
                    assert.deepEqual([seen.outputs.status, seen.outputs.error_type], ['error', 'configuration']);
                    const named = ['url', 'secret', 'recordId'].filter((input) => new RegExp(`${input} \\(`).test(seen.outputs.message));
                    assert.deepEqual(named, [missing], seen.outputs.message);
                    assert.match(seen.error, /vitrina: Missing/);
                }
            }
            const wrong = await go([synced()], { config: { ...CONFIG, url: 'sync.example.mx' } });
            assert.match(wrong.outputs.message, /url \(/);
            for (const config of [undefined, null, {}]) {
                const none = await go([synced()], { config: config ?? null });
                assert.match(none.outputs.message, /url .*; secret .*; recordId /);
            }
        });

        test('the secret may come from the Builder Hub', async () => {
            const config = { url: URL_INPUT, recordId: RECORD };
            const builderHub = (wanted) => {
                assert.equal(wanted, 'VITRINA_SECRET');
                return ` ${SECRET}\n`;
            };
            const { requests } = await go([synced()], { config, builderHub });
            assert.equal(requests[0].headers.Authorization, `Bearer ${SECRET}`);
            const throwing = () => {
                throw new Error('no such secret');
            };
            const none = await go([synced()], { config, builderHub: throwing });
            assert.match(none.outputs.message, /Builder Hub secret VITRINA_SECRET/);
            const own = await go([synced()], { builderHub: throwing });
            assert.equal(own.outputs.status, 'success', 'the input comes first');
        });

        test('the secret is not told even when others tell it', async () => {
            const echo = `invalid header value "Bearer ${SECRET}"`;
            for (const reply of [
                { reject: new TypeError(echo) },
                { status: 400, body: { error: echo } },
                { status: 401, body: `${'x'.repeat(110)}${SECRET}` },
                { status: 200, body: { success: true, message: echo, action: SECRET } },
            ]) {
                const seen = await go([reply]);
                const said = JSON.stringify([seen.outputs, seen.lines, seen.error]);
                assert.ok(!said.includes(SECRET.slice(0, 8)), 'not even a part of it');
            }
        });

        test('what is in the address behind a question mark is not logged', async () => {
            const { lines } = await go([synced()], { config: { ...CONFIG, url: `${URL_INPUT}?apikey=k-123` } });
            assert.ok(!JSON.stringify(lines).includes('k-123'));
        });

        test('with keepGoing a failure is told by the outputs alone', async () => {
            for (const keepGoing of ['true', true, 'True', ' YES ', '1', 1]) {
                const { outputs, error } = await go([refused(401, false)], { config: { ...CONFIG, keepGoing } });
                assert.deepEqual([outputs.status, error], ['error', null]);
            }
            const { error } = await go([refused(401, false)], { config: { ...CONFIG, keepGoing: 'false' } });
            assert.match(error, /vitrina/);
        });

        test('the log tells times, durations, reasons and waits', async () => {
            const { lines } = await go([refused(503, true), synced()]);
            const texts = lines.map(({ text }) => text);
            for (const text of texts) assert.match(text, /^\[\+\d+\.\d\d s\] /);
            assert.match(texts[0], new RegExp(`${RECORD} to ${URL_INPUT}`));
            assert.match(texts[1], /attempt 1 of 4 took 2\d ms: server_error\. HTTP 503: refused with 503/);
            assert.match(texts[2], /next attempt in \d+ ms/);
            assert.match(texts[3], /attempt 2 of 4 took 2\d ms: success, updated/);
            assert.deepEqual(lines.map(({ level }) => level), ['log', 'warn', 'log', 'log', 'log']);
        });

        test('when Airtable cuts it off all the same, the outputs are complete', async () => {
            const seen = await run({ sandbox, replies: [refused(503, true), { hang: true }], fetchLimitMs: Infinity });
            complete(seen);
            discreet(seen);
            const limits = sandbox.timers || sandbox.abort || sandbox.atomics === 'all';
            assert.equal(seen.cutOff, !limits);
            if (limits) return holds(seen);
            assert.deepEqual(
                [seen.outputs.status, seen.outputs.error_type, seen.outputs.attempts],
                ['error', 'cut_off', 2],
            );
            assert.match(seen.outputs.message, /during attempt 2; before: HTTP 503/);
        });

        test('waits that last longer than asked for do not cost the budget', async () => {
            for (const lateByMs of [300, 2_000, 5_000, 9_000]) {
                const seen = await go([{ ...refused(503), after: 4_000 }], { lateByMs });
                const rests = sandbox.timers || ['all', 'wait'].includes(sandbox.atomics);
                const begun = { 300: 3, 2_000: 2, 5_000: 2, 9_000: 1 }[lateByMs];
                assert.equal(seen.requests.length, rests ? begun : 3, `${lateByMs}`);
            }
        });

        test('any sequence of faults keeps the budget, the outputs and the promises', async () => {
            for (let seed = 1; seed <= 600; seed += 1) {
                const random = mulberry32(seed);
                const replies = Array.from({ length: MAX_ATTEMPTS + 1 }, () => anyReply(random));
                const told = `(seed ${seed}, ${JSON.stringify(replies)})`;
                const seen = await run({ sandbox, replies, random });
                holds(seen, told);
                const sent = replies.slice(0, seen.requests.length);
                const confirmed = seen.outputs.status !== 'error';
                const good = sent.findIndex((reply) => reply.good);
                assert.equal(good, confirmed ? sent.length - 1 : -1, `a success is the last, and is told ${told}`);
                assert.equal(seen.error === null, confirmed, `failed runs are marked ${told}`);
                for (const [number, { final, wait }] of sent.slice(0, -1).entries()) {
                    assert.ok(!final, `nothing follows a final refusal ${told}`);
                    if (wait > 0) assert.ok(gap(seen, number + 1) >= wait, `Retry-After is honoured ${told}`);
                }
            }
        });
    });
}

/** A random answer; `good`, `final` and `wait` (ms) say what it is when it arrives. */
function anyReply(random) {
    const pick = (list) => list[Math.floor(random() * list.length)];
    const times = { after: pick([1, 20, 300, 3_000, 8_000, 9_900]), bodyAfter: pick([0, 0, 0, 50]) };
    const seconds = pick([undefined, undefined, 1, 3, 5, 12, 60]);
    const headers = seconds === undefined ? {} : { 'Retry-After': String(seconds) };
    const kind = random();
    if (kind < 0.1) return { ...times, ...synced(), good: true };
    if (kind < 0.15) return { ...times, ...queued, good: true };
    if (kind < 0.3) return { ...unreachable, after: times.after };
    if (kind < 0.4) return { hang: true };
    if (kind < 0.5) return { ...times, status: 200, body: pick(['', '{', '<html>']) };
    if (kind < 0.55) return { ...times, status: 503, brokenBody: true };
    if (kind < 0.65) return { ...times, ...refused(pick([400, 401, 404, 413, 502]), false), final: true };
    return { ...times, ...refused(pick([408, 429, 500, 502, 503, 504]), pick([true, undefined]), headers), wait: (seconds ?? 0) * 1_000 };
}

function mulberry32(seed) {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
}
