/*
 * vitrina, automation script v3: tells the service that a vehicle has changed.
 *
 * For the "Run a script" action of an Airtable automation; set-up step by step in README.md beside this file.
 *
 * Inputs (left of the editor)
 *   url        the service's address, such as https://sync.example.mx/airtable-sync
 *   recordId   the record's Airtable record ID, from the trigger
 *   secret     what the service knows as WEBHOOK_SECRET; better: leave it out here and
 *              store it in the Builder Hub as the secret VITRINA_SECRET
 *   keepGoing  optional; "true", "yes" or 1 = a failed delivery does not fail the run (see below)
 *
 * Outputs, all of them set in every case
 *   status       success (the website shows the change), queued (accepted, follows by itself) or error
 *   message      what happened, in words
 *   action       created, updated, unchanged, archived, deleted, absent, queued; none if the service did not say
 *   attempts     how many were made
 *   duration_ms  of the whole script
 *   http_status  of the last answer; 0 = there was none
 *   error_type   empty, or configuration, unauthorized, bad_request, redirected, rate_limited, airtable_refused,
 *                server_error, bad_answer, timeout, network, cut_off
 *   timestamp    when this was known
 *
 * A delivery that failed makes the run fail, so that Airtable shows it as failed and mails its owner: a run that looks
 * fine while the website is stale is worse than a mail. Steps after this one do not run then. Set keepGoing to have them
 * run and read `status` instead.
 *
 * Time. Airtable ends a script after 30 s without a word, and a fetch after about 12 s. An attempt is therefore only begun
 * when even the longest fetch would end within 25 s. Outputs are set before each step that Airtable could cut off.
 * Nothing is lost for good: the service keeps and retries what it has accepted, and what never reached it is found by
 * its regular syncs.
 *
 * Only `input`, `output`, `fetch`, `console` and plain JavaScript are taken for granted. Timers, AbortSignal and Atomics
 * are used where they exist.
 */

const MAX_ATTEMPTS = 4;
const BUDGET_MS = 24_900;
/** What a wait may last longer than it was asked to. */
const SLACK_MS = 500;
/** Airtable ends a fetch after about this. */
const LONGEST_FETCH_MS = 12_000;
/** The service answers within 8 s, with "queued" if need be; so this is only for a host that is gone. */
const ATTEMPT_LIMIT_MS = 10_000;

const started = Date.now();
const elapsed = () => Date.now() - started;

const hasTimers = typeof setTimeout === 'function' && typeof clearTimeout === 'function';

/** Never printed, and taken out of whatever others say before that is printed. */
let secret = '';
const harmless = (text) => (secret ? String(text).split(secret).join('•••') : String(text));

/** One line in the run's history. */
function log(text, level = 'log') {
    console[level](`[+${(elapsed() / 1000).toFixed(2)} s] ${harmless(text)}`);
}

/** Sets every output. Later values replace earlier ones; the last ones known stand if the script is cut off. */
function report({ status = 'error', message, action = 'none', attempts = 0, httpStatus = 0, errorType = '' }) {
    const outputs = {
        status,
        message: harmless(message),
        action: harmless(action),
        attempts,
        duration_ms: elapsed(),
        http_status: httpStatus,
        error_type: errorType,
        timestamp: new Date(Date.now()).toISOString(),
    };
    for (const [name, value] of Object.entries(outputs)) output.set(name, value);
}

// ---------------------------------------------------------------------------------------------------------- Waiting

/** Blocks without burning CPU, where that is allowed. Plain JavaScript, yet some hosts forbid it. */
function block(ms) {
    try {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
        return true;
    } catch {
        return false;
    }
}

/** The wait before the first retry. Short where waiting burns CPU, which Airtable may count. */
const FIRST_WAIT_MS = hasTimers || block(0) ? 2_000 : 500;

/** Waits; as a last resort by watching the clock. */
async function rest(ms) {
    const until = Date.now() + ms;
    if (hasTimers) await new Promise((resolve) => setTimeout(resolve, ms));
    else block(ms);
    while (Date.now() < until);
}

/** Rings after `ms` while other things go on; null where that cannot be had. */
function alarm(ms) {
    if (hasTimers) {
        let timer;
        const rings = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
        return { rings, off: () => clearTimeout(timer) };
    }
    try {
        const cell = new Int32Array(new SharedArrayBuffer(4));
        const rings = Atomics.waitAsync(cell, 0, 0, ms).value;
        return { rings, off: () => Atomics.notify(cell, 0) };
    } catch {
        return null;
    }
}

/** `work`, or an error named TimeoutError after `ms`, where the sandbox can tell the time meanwhile. */
async function within(ms, work) {
    const limit = alarm(ms);
    if (!limit) return work;
    const late = limit.rings.then(() => {
        throw Object.assign(new Error(`no answer within ${ms / 1000} s`), { name: 'TimeoutError' });
    });
    try {
        return await Promise.race([work, late]);
    } finally {
        limit.off();
    }
}

// --------------------------------------------------------------------------------------------------------- One attempt

/** What an answer means: the kind of error, and whether another attempt may help. */
function sort(httpStatus, body) {
    const told = typeof body.retryable === 'boolean' ? body.retryable : null;
    const by = (errorType, retryable) => ({ errorType, retryable: told ?? retryable });
    if (httpStatus === 502 && told === false) return by('airtable_refused', false);
    if (httpStatus === 408 || httpStatus === 504) return by('timeout', true);
    if (httpStatus === 429) return by('rate_limited', true);
    if (httpStatus === 401 || httpStatus === 403) return by('unauthorized', false);
    if (httpStatus >= 500) return by('server_error', true);
    if (httpStatus >= 400) return by('bad_request', false);
    if (httpStatus >= 300) return by('redirected', false);
    return by('bad_answer', true);
}

/** `Retry-After` in ms, given in seconds or as a date; 0 if there is none. */
function retryAfter(headers) {
    const text = (headers?.get?.('retry-after') ?? '').trim();
    const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
    return ms > 0 ? ms : 0;
}

const REMEDIES = {
    unauthorized: ' Is the secret the same as WEBHOOK_SECRET?',
    redirected: ' Set url to the final https address.',
    bad_answer: ' Is url the address of vitrina, with /airtable-sync at its end?',
};

/** The answer in one sentence. */
function describe(httpStatus, body, text, errorType) {
    const told = [body.error, body.detail, body.message].find((part) => typeof part === 'string' && part.trim());
    const unread = text === null ? 'the answer broke off' : harmless(text).replace(/\s+/g, ' ').slice(0, 120);
    return `HTTP ${httpStatus}: ${told ?? (unread || 'an empty answer')}${REMEDIES[errorType] ?? ''}`;
}

function parse(text) {
    try {
        const body = JSON.parse(text);
        return typeof body === 'object' && body !== null ? body : {};
    } catch {
        return {};
    }
}

/** Sends the delivery once. Resolves whatever happens. */
async function attempt(number, { url, recordId }) {
    let httpStatus = 0;
    const exchange = async () => {
        const response = await fetch(url, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
            body: JSON.stringify({
                recordId,
                source: 'airtable_automation',
                attempt: number,
                // Of the edit, as near as the script can know it, and not of this attempt: how long the website took is
                // counted from here.
                timestamp: new Date(started).toISOString(),
            }),
            ...(typeof AbortSignal === 'function' && AbortSignal.timeout
                ? { signal: AbortSignal.timeout(ATTEMPT_LIMIT_MS) }
                : {}),
        });
        httpStatus = response.status;
        // An answer that breaks off still has its status, which says more than the break.
        return [response, await response.text().catch(() => null)];
    };
    try {
        const [response, text] = await within(ATTEMPT_LIMIT_MS, exchange());
        const body = parse(text);
        if ((httpStatus === 200 || httpStatus === 202) && body.success === true) {
            const action = typeof body.action === 'string' ? body.action : 'none';
            const status = httpStatus === 202 || action === 'queued' ? 'queued' : 'success';
            return { status, action, httpStatus, message: typeof body.message === 'string' ? body.message : status };
        }
        const { errorType, retryable } = sort(httpStatus, body);
        const message = describe(httpStatus, body, text, errorType);
        const action = typeof body.action === 'string' ? body.action : 'none';
        return { status: 'error', action, httpStatus, errorType, retryable, message, pause: retryAfter(response.headers) };
    } catch (error) {
        const late = error?.name === 'TimeoutError' || error?.name === 'AbortError';
        const message = `${late ? 'Too late' : 'No answer'}: ${error?.message ?? error}`;
        return { status: 'error', httpStatus, errorType: late ? 'timeout' : 'network', retryable: true, message, pause: 0 };
    }
}

// ------------------------------------------------------------------------------------------------------------- The run

/** How long the next attempt may be waited for at most, so that even the longest one still fits. */
const room = () => BUDGET_MS - LONGEST_FETCH_MS - elapsed();

/** The inputs, or an error that names what is missing. */
function settings() {
    const config = input.config() ?? {};
    const text = (value) => (typeof value === 'string' ? value.trim() : '');
    secret = text(config.secret);
    if (!secret && typeof input.secret === 'function') {
        try {
            secret = text(input.secret('VITRINA_SECRET'));
        } catch {
            // There is none of that name; said below.
        }
    }
    const url = text(config.url);
    const recordId = text(config.recordId);
    const wrong = [];
    if (!/^https?:\/\/\S+$/.test(url)) wrong.push('url (the service\'s address, https://…/airtable-sync)');
    if (!secret) wrong.push('secret (or the Builder Hub secret VITRINA_SECRET)');
    if (!recordId) wrong.push('recordId (the Airtable record ID of the trigger\'s record)');
    if (wrong.length > 0) throw new Error(`Missing or wrong inputs: ${wrong.join('; ')}.`);
    return { url, recordId, keepGoing: /^(true|yes|1)$/i.test(String(config.keepGoing).trim()) };
}

/** Delivers, with retries. Resolves to the last result, `attempts` included. */
async function deliver(inputs) {
    let last = { message: 'nothing was sent yet' };
    for (let attempts = 1; ; attempts += 1) {
        const cut = `Airtable ended the script during attempt ${attempts}; before: ${last.message}`;
        report({ ...last, message: cut, attempts, errorType: 'cut_off' });
        const begun = elapsed();
        last = { ...(await attempt(attempts, inputs)), attempts };
        const took = `attempt ${attempts} of ${MAX_ATTEMPTS} took ${elapsed() - begun} ms`;
        if (last.status !== 'error') {
            log(`${took}: ${last.status}, ${last.action}`);
            return last;
        }
        log(`${took}: ${last.errorType}. ${last.message}`, 'warn');
        if (!last.retryable || attempts === MAX_ATTEMPTS) return last;

        const backoff = FIRST_WAIT_MS * 2 ** (attempts - 1) * (0.5 + Math.random() / 2);
        const tooLate = { ...last, message: `${last.message} (No time is left for another attempt.)` };
        const longest = room() - SLACK_MS;
        if (longest < last.pause) return tooLate;
        // Many scripts may have been asked to come back at the same moment.
        const wanted = last.pause > 0 ? last.pause + Math.random() * 1_000 : backoff;
        const wait = Math.min(wanted, longest);
        report(last);
        log(`next attempt in ${Math.round(wait)} ms`);
        await rest(wait);
        if (room() < 0) return tooLate;
    }
}

let result;
let keepGoing = false;
try {
    const inputs = settings();
    keepGoing = inputs.keepGoing;
    log(`${inputs.recordId} to ${inputs.url.split(/[?#]/)[0]}`);
    result = await deliver(inputs);
} catch (error) {
    result = { status: 'error', errorType: 'configuration', message: String(error?.message ?? error) };
}
report(result);
log(`${result.status}: ${result.message}`, result.status === 'error' ? 'error' : 'log');
if (result.status === 'error' && !keepGoing) throw new Error(harmless(`vitrina: ${result.message}`));
