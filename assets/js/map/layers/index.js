// The layers of the Map page, the lowest first.

import { ChipLayer } from "./chip.js";
import { GeneratedLayer } from "./generated.js";
import { LegendLayer } from "./legend.js";
import { LiveMapLayer } from "./live_map.js";
import { RegionsLayer } from "./regions.js";
import { ThumbnailsLayer } from "./thumbnails.js";
import { TrustLayer } from "./trust.js";

/** @type {LayerClass[]} */
export const LAYERS = [
  ThumbnailsLayer,
  LiveMapLayer,
  GeneratedLayer,
  RegionsLayer,
  LegendLayer,
  TrustLayer,
  ChipLayer,
];
