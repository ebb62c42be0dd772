// What the scripts below this folder share, for the checker and for readers; it has no code.
// Global, so that a script names `wb.Model` and needs no path that would change when it moves.

declare namespace wb {
  /** What anywidget gives a page of its Python half: State is synchronised, messages are not. */
  interface Model<State, Asked, Told> {
    get<Name extends keyof State>(name: Name): State[Name];
    set<Name extends keyof State>(name: Name, value: State[Name]): void;
    save_changes(): void;
    send(asked: Asked, callbacks?: undefined, buffers?: DataView[]): void;
    on(event: "msg:custom", act: Listener<Told>): void;
    on(event: Change<State>, act: () => void): void;
    off(event: "msg:custom", act: Listener<Told>): void;
    off(event: Change<State>, act: () => void): void;
  }
  type Change<State> = `change:${keyof State & string}`;
  type Listener<Told> = (told: Told, buffers: DataView<ArrayBuffer>[]) => void;
  interface Place<Of> {
    model: Of;
    el: HTMLElement;
  }

  // --- live.js ---
  type Values = Record<string, string>;
  interface LiveWords {
    noAnswer: string;
    atWork: string;
    scrolls: string;
  }

  interface LiveTold {
    html?: string;
    reset?: string[];
    number?: number;
    words?: LiveWords;
    /** What the address shall say of the choice; an empty text takes a name out of it. */
    address?: Values;
  }
  interface LiveAsked {
    language: string;
    address?: Values;
    ask: string;
    values: Values;
    number: number;
  }
  type LiveModel = Model<Record<never, never>, LiveAsked, LiveTold>;

  // --- download.js ---
  /** A file: its bytes come along, or its address is told. */
  interface DownloadTold {
    file: string;
    type: string;
    number: number;
    address?: string;
    link?: string;
    place?: string;
  }
  type DownloadModel = Model<Record<never, never>, never, DownloadTold>;

  // --- person.js ---
  interface PersonSaid {
    name: string;
    role: string;
  }
  interface PersonTold {
    words: Record<"who" | "name" | "role" | "kept", string>;
    people: [string, string][];
  }
  type PersonModel = Model<Record<never, never>, PersonSaid & { language?: string }, PersonTold>;

  // --- table.js ---
  interface Column {
    name: string;
    label: string;
    unit: string;
    meaning: string;
    number: boolean;
  }
  interface Order {
    sort: string | null;
    descending: boolean;
  }
  interface TableView extends Order {
    page: number;
    filters: Record<string, string>;
  }
  type TableAsked =
    | { ask: "head" }
    | { ask: "open"; page: number; row: number; revision: number }
    | (TableView & { ask: "rows" | "csv"; number: string });
  interface TableHead {
    head: Column[];
    total: number;
    empty: string;
    revision: number;
    opens: boolean;
    saves: boolean;
  }
  interface TableAnswer {
    head?: undefined;
    number: string;
    rows?: undefined;
    csv?: string;
    refused?: string;
  }
  interface TableRows extends Omit<TableAnswer, "rows"> {
    rows: (string | null)[][];
    page: number;
    pages: number;
    shown: number;
    total: number;
    counted: string;
    where: string;
  }
  interface TableWords {
    clear: string;
    download: string;
    filter: string;
    first: string;
    last: string;
    next: string;
    noAnswer: string;
    noRows: string;
    noneFit: string;
    numberHint: string;
    open: string;
    openRow: string;
    pages: string;
    previous: string;
    reading: string;
    scrolls: string;
    table: string;
    textHint: string;
    unknown: string;
  }
  type TableTold = TableHead | TableRows | TableAnswer;
  type TableModel = Model<{ caption: string; words: TableWords }, TableAsked, TableTold>;

  // --- week_grid.js ---
  type Grid = string[];
  /** Day and hour; -1 is a head. */
  type Cell = [number, number];
  type Preset = "nights" | "weekends" | "always" | "never" | "undo";
  type WeekTexts = Record<Preset | `${Preset}Title` | "open" | "closed" | "week", string> & {
    label: string;
    everyDay: string;
    openHours: string;
    days: string[];
    shortDays: string[];
  };
  interface Week {
    grid: Grid;
    words: string;
    now: number[];
    now_words: string;
    caption: string;
    read_only: boolean;
    texts: WeekTexts;
  }
  type WeekModel = Model<Week, never, never>;

  // --- chart.js ---
  interface Spec {
    config?: { axis?: object; [name: string]: unknown };
    [name: string]: unknown;
  }
  interface ChartWords {
    chart: string;
    drawing: string;
    failed: string;
    keys: string;
  }
  /** Of Vega's scenegraph what is needed to find points: groups of marks of items. */
  interface SceneItem {
    x?: number;
    y?: number;
    tooltip?: unknown;
    datum?: Record<string, unknown>;
    items?: SceneMark[];
  }
  interface SceneMark {
    marktype: string;
    role?: string;
    interactive?: boolean;
    items?: SceneItem[];
  }
  type SceneGroup = { items?: SceneMark[] };
  interface ChartPoint {
    item: SceneItem;
    x: number;
    y: number;
  }
  interface ChartSpec {
    type: "spec";
    spec: Spec;
    signals: string[];
    revision: number;
    renderer: "svg" | "canvas";
    /** How D3 writes numbers and days; nothing for English. */
    locales: object;
  }
  type ChartAsked =
    | { type: "vega" | "ready" }
    | { type: "selected"; name: string; value: object };
  type ChartTold = { type: "vega" } | ChartSpec;
  type ChartModel = Model<{ description: string; words: ChartWords }, ChartAsked, ChartTold>;
  interface VegaView {
    width(width: number): VegaView;
    origin(): [number, number];
    padding(): { left: number; top: number };
    signal(name: string): { field: string }[] | undefined;
    scenegraph(): { root: SceneMark };
    runAsync(): Promise<VegaView>;
    addSignalListener(name: string, act: (name: string, value: unknown) => void): void;
  }
  interface Drawn {
    view: VegaView;
    finalize(): void;
  }
  interface Vega {
    embed(el: HTMLElement, spec: Spec, options: object): Promise<Drawn>;
  }

  // --- viewer: a place is (row, column) in the image, a point (x, y) on the canvas ---
  type ImagePlace = [number, number];
  type Point = [number, number];
  type ToPoint = (place: ImagePlace) => Point;
  /** Millimetres between rows and between columns. */
  type Spacing = [number, number] | null;
  type Stored = Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array;
  interface About {
    rows: number;
    columns: number;
    dtype: "int8" | "uint8" | "int16" | "uint16" | "float32";
    slope: number;
    intercept: number;
    unit: string;
    spacing: Spacing;
    label: string;
    inverted: boolean;
  }
  interface Level {
    rows: number;
    columns: number;
    data: Stored;
  }
  interface View {
    scale: number;
    row: number;
    column: number;
  }
  interface Region {
    image: number;
    kind: string;
    role: string;
    points: ImagePlace[];
    size: number[];
    angle: number;
    label: string;
  }
  interface Measure {
    kind: string;
    image: number;
    places: ImagePlace[];
  }
  interface Pane {
    canvas: HTMLCanvasElement;
    context: CanvasRenderingContext2D;
    place: number;
    picture?: ImageData;
  }
  /** Where an event happened: on the canvas and in the image. */
  interface Spot {
    x: number;
    y: number;
    place: ImagePlace;
  }
  interface Shown {
    frames: About[];
    regions: Region[];
    version: number;
    index: number;
    window: number[];
    panes: number;
    measured: (Measure & Record<string, unknown>)[];
    words: ViewerWords;
  }
  interface FrameNumber {
    index: number;
    version: number;
  }
  /** What the viewer says; texts with places are filled in by it. */
  interface ViewerWords {
    viewer: string;
    image: string;
    empty: string;
    below: string;
    pointed: string;
    pixels: string;
    mean: string;
    sd: string;
    range: string;
    point: string;
    /** By name: what stands on a button, and its title. */
    buttons: Record<string, [words: string, title: string]>;
    /** Keys, and what each does. */
    help: [keys: string, meaning: string][];
  }
  type FrameTold = FrameNumber & { type: "frame" };
  type ViewerAsked = (FrameNumber & { ask: "frame" }) | { ask: "words"; language: string };
  type ViewerModel = Model<Shown, ViewerAsked, FrameTold>;
}
