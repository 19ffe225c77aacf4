/** The little of topojson that the map uses. */
declare module 'topojson-specification' {
  export interface GeometryCollection {
    type: 'GeometryCollection';
  }
  export interface Topology {
    type: 'Topology';
    objects: Record<string, unknown>;
  }
}

declare module 'topojson-client' {
  import type { GeometryCollection, Topology } from 'topojson-specification';
  export function feature(topology: Topology, object: GeometryCollection): { features: unknown[] };
}
