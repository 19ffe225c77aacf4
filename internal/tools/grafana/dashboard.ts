// The dashboard that Grafana reads, with its panels and queries told apart by type, so
// that the compiler finds what no type knows: `const d: GrafanaDashboard = {...}`.
// internal/gen/dashboards/types_test.go writes such a file for each dashboard.
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type * as geomap from '@grafana/grafana-foundation-sdk/geomap';
import type * as loki from '@grafana/grafana-foundation-sdk/loki';
import type * as piechart from '@grafana/grafana-foundation-sdk/piechart';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as text from '@grafana/grafana-foundation-sdk/text';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

// In JSON an enum is its value.
type Any<T> = 0 extends 1 & T ? true : false;
type Plain<T> = Any<T> extends true ? T
  : T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer E)[] ? Plain<E>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;

// The data source of VictoriaLogs publishes no types. This is the Query of its
// src/types.ts (VictoriaMetrics/victorialogs-datasource).
type VictoriaLogsQuery = {
  refId: string;
  expr: string;
  queryType: 'instant' | 'stats' | 'statsRange' | 'hits';
  editorMode?: 'builder' | 'code';
  legendFormat?: string;
  maxLines?: number;
  step?: string;
};

// A query is of its data source's type: others may take what this one does not know.
type QueryOf<Source extends string, Q> = Omit<Q, '_implementsDataqueryVariant' | 'datasource'> & {
  datasource: { type: Source; uid: string };
};

type Query =
  | QueryOf<'prometheus', prometheus.Dataquery>
  | QueryOf<'loki', loki.dataquery>
  | QueryOf<'victoriametrics-logs-datasource', VictoriaLogsQuery>;

type Fields<Custom> = Omit<dashboard.FieldConfigSource, 'defaults'> & {
  defaults: Omit<dashboard.FieldConfig, 'custom'> & { custom?: Custom };
};

type Panel<Type extends string, Options, Custom> = Omit<dashboard.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  options: Options;
  fieldConfig?: Fields<Custom>;
  targets?: Query[];
};

type AnyPanel =
  | dashboard.RowPanel
  | Panel<'bargauge', bargauge.Options, never>
  | Panel<'geomap', geomap.Options, never>
  | Panel<'piechart', piechart.Options, never>
  | Panel<'stat', stat.Options, never>
  | Panel<'table', table.Options, Partial<table.FieldConfig>>
  | Panel<'text', text.Options, never>
  | Panel<'timeseries', timeseries.Options, timeseries.FieldConfig>;

export type GrafanaDashboard = Plain<Omit<dashboard.Dashboard, 'panels'> & { panels: AnyPanel[] }>;
