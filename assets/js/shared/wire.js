// Questions to the server. One socket for what must be quick: it takes half as long as a request in
// a browser. Where there is none (some proxies refuse them), while it opens and after it broke, the
// same questions go as plain requests.

import { framed, unframed } from "./frames.js";

export class Wire {
  /** @type {URL} */ base;
  /** @type {string} */ token;
  /** @type {(words: string) => void} */ trouble;
  /** @type {Map<number, Waiting>} */ pending;
  /** @type {number} */ next;
  /** @type {number} */ pause;
  /** @type {WebSocket} */ socket;
  /** @type {boolean} */ closed;
  /** @type {number} */ retry;

  /**
   * @param {URL} base
   * @param {string} token
   */
  constructor(base, token) {
    Object.assign(this, {
      base,
      token,
      trouble: () => {},
      pending: new Map(),
      next: 1,
      pause: 1000,
    });
    this.open();
  }

  open() {
    /**
     * @param {string} route
     */
    const url = this.url("socket");
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.socket = new WebSocket(url));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.pause = 1000;
    };
    socket.onmessage = ({ data }) => {
      const reply = unframed(data),
        waiting = this.pending.get(Number(reply.head.id));
      this.pending.delete(Number(reply.head.id));
      this.renew(reply.head["latent-token"]);
      if (!waiting) return;
      if (reply.head.status) {
        this.trouble(reply.head.sentence);
        waiting.reject(new Error(reply.head.sentence));
      } else waiting.resolve(reply);
    };
    socket.onclose = ({ code, reason }) => {
      // it may not be asked any more: a share that ended
      if (code === 1008) {
        this.closed = true;
        this.trouble(reason);
      }
      const lost = [...this.pending.values()];
      this.pending.clear();
      for (const { again, resolve, reject } of lost) again().then(resolve, reject);
      if (!this.closed) {
        this.retry = setTimeout(() => this.open(), this.pause);
        this.pause = Math.min(2 * this.pause, 30000);
      }
    };
  }

  close() {
    this.closed = true;
    clearTimeout(this.retry);
    this.socket.close();
  }

  /**
   * Tokens end after a day or so; answers bring a fresh one in time.
   * @param {string | null | undefined} token
   */
  renew(token) {
    if (token) this.token = token;
  }

  url(route, query = {}) {
    const url = new URL(route, this.base);
    url.search = String(new URLSearchParams({ t: this.token, ...query }));
    return url;
  }

  /**
   * A question without effects: {head, buffer, start of the payload}.
   * @param {string} route
   * @param {object} query
   * @param {ArrayLike<number> | null} values
   * @returns {Promise<Reply>}
   */
  ask(route, query = {}, values = null) {
    const again = () => this.request(route, query, values);
    if (this.socket.readyState !== WebSocket.OPEN) return again();
    const id = this.next++,
      message = framed({ ...query, ask: route, id }, values);
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, again });
      this.socket.send(message);
    });
  }

  /**
   * A change: asked once, by a plain request.
   * @param {string} route
   * @param {object} query
   * @param {ArrayLike<number>} values
   * @returns {Promise<Reply>}
   */
  tell(route, query = {}, values = []) {
    return this.request(route, query, values);
  }

  /**
   * @param {string} route
   * @param {object} query
   * @param {ArrayLike<number> | null} values
   * @returns {Promise<Reply>}
   */
  async request(route, query, values) {
    return unframed(await (await this.fetch(route, query, values)).arrayBuffer());
  }

  /**
   * @param {string} route
   * @param {object} query
   * @param {ArrayLike<number> | null} values
   */
  async fetch(route, query, values) {
    const response = await fetch(
      this.url(route, query),
      values
        ? { method: "POST", body: Float32Array.from(values), credentials: "same-origin" }
        : { credentials: "same-origin" },
    );
    this.renew(response.headers.get("latent-token"));
    if (response.ok) return response;
    const words = (await response.text()) || `The server answered ${response.status}.`;
    this.trouble(words);
    throw new Error(words);
  }
}

/**
 * The run a token is for. Tokens are renewed; what is compared to tell one run from another is
 * this.
 * @param {string} token
 */
export function runOf(token) {
  return token.split(".")[0];
}
