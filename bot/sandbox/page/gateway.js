/** A person's gateway session: identifies, keeps the heart beating, resumes, and comes back with growing pauses. */

const OP = {
  DISPATCH: 0,
  HEARTBEAT: 1,
  IDENTIFY: 2,
  RESUME: 6,
  RECONNECT: 7,
  INVALID_SESSION: 9,
  HELLO: 10,
  ACK: 11,
};
const PAUSE_MS_MIN = 400;
const PAUSE_MS_MAX = 15000;

/**
 * Events: `dispatch` with {name, data}, and `state` with "connecting", "ready" or "lost".
 * `sessionId` is what interactions must name; null until READY.
 */
export class Gateway extends EventTarget {
  constructor({ url, token }) {
    super();
    this._url = `${url}?v=10&encoding=json`;
    this._token = token;
    this._pauseMs = PAUSE_MS_MIN;
    this._sequence = null;
    this._beat = null;
    this._acknowledged = true;
    this.sessionId = null;
    this.state = "connecting";
  }

  open() {
    this._setState("connecting");
    const socket = new WebSocket(this._url);
    this._socket = socket;
    socket.addEventListener("message", (event) => this._receive(socket, JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this._lost(socket, event.code));
  }

  _receive(socket, { op, d, s, t }) {
    if (socket !== this._socket) return;
    if (s !== null && s !== undefined) this._sequence = s;
    switch (op) {
      case OP.HELLO:
        this._startBeating(socket, d.heartbeat_interval);
        this._introduce();
        break;
      case OP.HEARTBEAT:
        this._sendBeat();
        break;
      case OP.ACK:
        this._acknowledged = true;
        break;
      case OP.RECONNECT:
        socket.close(4000);
        break;
      case OP.INVALID_SESSION:
        if (!d) this._forget();
        // Before READY it answers our RESUME, and this connection may still identify.
        if (!d && this.state !== "ready") this._introduce();
        else socket.close(4000);
        break;
      case OP.DISPATCH:
        this._dispatch(t, d);
        break;
    }
  }

  _dispatch(name, data) {
    if (name === "READY") this.sessionId = data.session_id;
    if (name === "READY" || name === "RESUMED") {
      this._pauseMs = PAUSE_MS_MIN;
      this._setState("ready");
    }
    this.dispatchEvent(new CustomEvent("dispatch", { detail: { name, data } }));
  }

  _introduce() {
    if (this.sessionId !== null && this._sequence !== null) {
      this._send(OP.RESUME, { token: this._token, session_id: this.sessionId, seq: this._sequence });
      return;
    }
    const properties = { os: "sandbox", browser: "sandbox page", device: "" };
    this._send(OP.IDENTIFY, { token: this._token, properties, compress: false });
  }

  _startBeating(socket, intervalMs) {
    clearInterval(this._beat);
    this._acknowledged = true;
    this._beat = setInterval(() => {
      // No answer to the last beat: the connection is dead although nobody said so.
      if (!this._acknowledged) socket.close(4009);
      else this._sendBeat();
    }, intervalMs);
  }

  _sendBeat() {
    this._acknowledged = false;
    this._send(OP.HEARTBEAT, this._sequence);
  }

  _send(op, d) {
    if (this._socket.readyState === WebSocket.OPEN) this._socket.send(JSON.stringify({ op, d }));
  }

  _lost(socket, code) {
    if (socket !== this._socket) return;
    clearInterval(this._beat);
    // 4007 and 4009: this session cannot be resumed.
    if (code === 4007 || code === 4009) this._forget();
    this._setState("lost");
    // Half of the pause is chance, so that several windows do not come back in step.
    setTimeout(() => this.open(), this._pauseMs * (0.5 + Math.random() / 2));
    this._pauseMs = Math.min(this._pauseMs * 2, PAUSE_MS_MAX);
  }

  _forget() {
    this.sessionId = null;
    this._sequence = null;
  }

  _setState(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
