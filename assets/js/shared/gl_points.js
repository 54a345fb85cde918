// Points on the GPU: 16-bit places in two or three dimensions, and one word a point for its colour's index, opacity and flags
// (1 chosen, 2 hidden).

import { FADED } from "./orbit.js";

// A nearer point is larger, a farther one fainter: `view` has w = 1 on a flat map. `fog`: w of the
// nearest, and what 1 of w beyond it takes.
const VERTEX = `#version 300 es
uniform mat4 view; uniform float size; uniform float dim; uniform vec2 fog; uniform sampler2D palette;
in vec3 place; in uvec4 look; out vec4 ink; out float across; flat out uint shape;
void main() {
  vec4 colour = texelFetch(palette, ivec2(int(look.x), 0), 0);
  vec4 at = view * vec4(place, 1.0);
  bool chosen = (look.z & 1u) == 1u, hidden = (look.z & 2u) == 2u;
  float solid = 1.0 - clamp((at.w - fog.x) * fog.y, 0.0, ${FADED});
  float opacity = colour.a * float(look.y) / 255.0 * (chosen ? 1.0 : dim) * solid;
  ink = vec4(colour.rgb, opacity);
  shape = look.w;
  across = max(1.0, size / at.w);
  gl_PointSize = hidden ? 0.0 : across;
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0) : at;
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 ink; in float across; flat in uint shape; out vec4 colour;
void main() {
  vec2 at = (gl_PointCoord - 0.5) * across;
  float cover = across < 2.5 ? 1.0 : smoothstep(0.0, 1.0, 0.5 * across - length(at));
  colour = vec4(ink.rgb, 1.0) * (ink.a * cover);
}`;

/**
 * @implements {Points}
 */
export class GlPoints {
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {WebGL2RenderingContext} */ gl;
  /** @type {(event: Event) => void} */ onLost;
  /** @type {() => void} */ onBack;
  /** @type {boolean} */ gone;
  /** @type {WebGLProgram} */ program;
  /** @type {Record<string, WebGLUniformLocation>} */ at;
  /** Of a place. @type {number} */ dims;
  /** @type {WebGLBuffer} */ places;
  /** @type {WebGLBuffer} */ looks;
  /** @type {WebGLBuffer} */ indices;
  /** @type {WebGLTexture} */ texture;

  /**
   * Throws where there is no WebGL2.
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} lost: called when a lost context is there again
   */
  constructor(canvas, lost) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", {
      antialias: false,
      alpha: true,
      premultipliedAlpha: true,
      powerPreference: "high-performance",
    });
    if (!this.gl) throw new Error("no WebGL2");
    this.onLost = (event) => {
      event.preventDefault();
      this.gone = true;
    };
    this.onBack = () => {
      this.gone = false;
      this.set();
      lost();
    };
    canvas.addEventListener("webglcontextlost", this.onLost);
    canvas.addEventListener("webglcontextrestored", this.onBack);
    this.set();
  }

  set() {
    const gl = this.gl,
      program = (this.program = gl.createProgram());
    for (const [kind, text] of /** @type {[number, string][]} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ])) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
        throw new Error(gl.getShaderInfoLog(shader));
    }
    gl.bindAttribLocation(program, 0, "place");
    gl.bindAttribLocation(program, 1, "look");
    gl.linkProgram(program);
    gl.useProgram(program);
    this.at = Object.fromEntries(
      ["view", "size", "dim", "fog", "palette"].map((name) => [
        name,
        gl.getUniformLocation(program, name),
      ]),
    );
    this.places = gl.createBuffer();
    this.looks = gl.createBuffer();
    this.indices = gl.createBuffer();
    this.texture = gl.createTexture();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    for (const name of ["TEXTURE_MIN_FILTER", "TEXTURE_MAG_FILTER"])
      gl.texParameteri(gl.TEXTURE_2D, gl[name], gl.NEAREST);
  }

  // Room for n points; nothing is drawn before its places have come.
  room(n, dims) {
    const gl = this.gl;
    this.dims = dims;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferData(gl.ARRAY_BUFFER, 2 * dims * n, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, dims, gl.UNSIGNED_SHORT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.looks);
    gl.bufferData(gl.ARRAY_BUFFER, 4 * n, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 4, gl.UNSIGNED_BYTE, 0, 0);
  }

  setPlaces(positions, start, end) {
    const { gl, dims } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferSubData(
      gl.ARRAY_BUFFER,
      2 * dims * start,
      positions,
      dims * start,
      dims * (end - start),
    );
  }
  setLook(look, start, end) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.looks);
    gl.bufferSubData(gl.ARRAY_BUFFER, 4 * start, look, 4 * start, 4 * (end - start));
  }
  setPalette(palette) {
    const gl = this.gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
  }
  setIndices(indices) {
    const gl = this.gl;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.indices);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.DYNAMIC_DRAW);
  }

  clear() {
    const gl = this.gl;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  // Points numbered `from` to `to` of the indices.
  draw(camera, size, dim, from, to) {
    if (this.gone || to <= from) return;
    const gl = this.gl,
      ratio = this.canvas.width / camera.width;
    gl.uniformMatrix4fv(this.at.view, false, camera.matrix);
    gl.uniform2f(this.at.fog, ...camera.fog);
    gl.uniform1f(this.at.size, size * ratio);
    gl.uniform1f(this.at.dim, dim);
    gl.drawElements(gl.POINTS, to - from, gl.UNSIGNED_INT, 4 * from);
  }

  close() {
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onBack);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
