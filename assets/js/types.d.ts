// Types that several modules share, and what pages keep on their elements.

/** An answer of the server: its head, and the bytes that begin at `start`. */
interface Reply {
  head: any;
  buffer: ArrayBuffer;
  start: number;
}

/** What Streamlit calls a component with. */
interface Component {
  data: any;
  parentElement: HTMLElement;
  setStateValue(name: string, value: any): void;
  setTriggerValue(name: string, value: any): void;
}

/** A point under the pointer: its drawn place, its row, the head of its card. */
interface Hit {
  i: number;
  row: number;
  head?: any;
  event?: PointerEvent;
}

/** A question that waits for its answer, and how to ask it again. */
interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
  again(): Promise<Reply>;
}

/** The parts of one dimension's slider. */
interface SliderParts {
  range: HTMLInputElement;
  number: HTMLInputElement;
  traversal: HTMLElement;
}

type Pair = [number, number];
/** Left, bottom, right and top, in units. */
type Rect = [number, number, number, number];
type ReportValue = (name: string, value: any) => void;
type Ask = (route: string, query?: object, values?: ArrayLike<number>) => Promise<Reply>;

/** Of a flat map, or around one in 3-D. */
type View = import("./shared/camera.js").Camera | import("./shared/orbit.js").Orbit;

/** What draws the points: with WebGL2 or on a plain canvas. */
interface Points {
  canvas: HTMLCanvasElement;
  room(n: number, dims: number): void;
  setPlaces(positions: Uint16Array, start: number, end: number): void;
  setLook(look: Uint8Array, start: number, end: number): void;
  setPalette(palette: Uint8Array): void;
  setIndices(indices: Uint32Array): void;
  clear(): void;
  draw(
    camera: View,
    size: number,
    dim: number,
    from: number,
    to: number,
  ): void;
  close(): void;
}

/** What the hand on a map asks of it. */
interface Handled {
  camera: View;
  point(at: Pair | null): void;
  moved(): void;
  click(at: Pair, event: PointerEvent): void;
  choose(corners: Pair[], how: string): void;
  clear(): void;
  fit(): void;
  layers(method: string, ...values: any[]): void;
}

/** A layer of the map; every method may be missing. */
interface Layer {
  draw?(context: CanvasRenderingContext2D, atlas: import("./map/atlas.js").Atlas): void;
  hover?(hit: Hit | null): void;
  click?(hit: Hit | null): void;
  takes?(at: Pair, event: PointerEvent): boolean;
  scene?(head: any): void;
  camera?(): void;
  data?(data: any): void;
  key?(event: KeyboardEvent): void;
  close?(): void;
}
type LayerClass = new (atlas: import("./map/atlas.js").Atlas) => Layer;

interface Window {
  page: any;
}
