/** Discord's REST as a person's client calls it: the user's token, JSON or multipart bodies. */

const TRIES_MAX = 3;
const WAIT_S_MAX = 10;

/** An answer outside 2xx, with Discord's own code and sentence where it gave them. */
export class Refused extends Error {
  constructor(status, body) {
    super(firstProblem(body?.errors) ?? body?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? 0;
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {}

export class Rest {
  constructor({ base, token = null }) {
    this._base = base;
    this._token = token;
  }

  get(path) {
    return this.call("GET", path);
  }

  /** Sends one request and returns the parsed answer (null for 204); raises Refused or Unreachable. */
  async call(method, path, { body = null, files = [] } = {}) {
    for (let tries = 1; ; tries += 1) {
      const response = await this._send(method, path, body, files);
      const answer = await readJson(response);
      if (response.ok) return answer;
      const waitS = answer?.retry_after;
      // A 429 was not processed, so the same request may go again.
      if (response.status !== 429 || tries === TRIES_MAX || !(waitS <= WAIT_S_MAX)) {
        throw new Refused(response.status, answer);
      }
      await new Promise((resolve) => setTimeout(resolve, waitS * 1000));
    }
  }

  async _send(method, path, body, files) {
    const headers = this._token === null ? {} : { Authorization: this._token };
    const request = { method, headers };
    if (files.length > 0) {
      request.body = new FormData();
      request.body.append("payload_json", JSON.stringify(body));
      files.forEach((file, index) => request.body.append(`files[${index}]`, file, file.name));
    } else if (body !== null) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    try {
      return await fetch(this._base + path, request);
    } catch (fault) {
      throw new Unreachable("The sandbox does not answer.", { cause: fault });
    }
  }
}

async function readJson(response) {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return { message: `The server answered ${response.status} with something that is not JSON.` };
  }
}

/** The first sentence in Discord's nested `errors` object ({field: {_errors: [{code, message}]}}). */
function firstProblem(errors, path = []) {
  if (typeof errors !== "object" || errors === null) return null;
  if (Array.isArray(errors._errors) && errors._errors.length > 0) {
    const { message } = errors._errors[0];
    return path.length > 0 ? `${path.join(".")}: ${message}` : message;
  }
  for (const [name, inner] of Object.entries(errors)) {
    const found = firstProblem(inner, [...path, name]);
    if (found !== null) return found;
  }
  return null;
}
