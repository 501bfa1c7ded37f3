import { z } from 'zod';

/** One number of the attack report, with all that one must know to weigh it. Shares and cosines are fractions. */
const rowSchema = z.object({
  /** Id of an attacker of the report. */
  attacker: z.string(),
  /** What is sent, or kept: whom he attacks. */
  defence: z.string(),
  /** Rows of one run of one command share it. */
  run: z.string(),
  settings: z.string(),
  knowledge: z.string(),
  queries: z.string(),
  metric: z.string(),
  /** Of `value`, `low`, `high` and `chance`. */
  unit: z.enum(['share', 'dB', 'likeness', 'score', 'cosine', 'tries', 'error', 'bytes', 'ms']),
  value: z.number(),
  /** 95 %, where there is an interval. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** What who knows nothing gets. */
  chance: z.number().nullable(),
  seed: z.int().nullable(),
  coreMinutes: z.number().nonnegative().nullable(),
  /** The accelerator beside that core, if there was one. */
  device: z.string().nullable(),
  date: z.iso.date(),
  /** Of the code that ran. */
  commit: z.string().regex(/^[0-9a-f]{7,40}(-dirty)?$/),
  /** Release, version or hash of the networks that were attacked. */
  networks: z.string(),
  command: z.string(),
});

const pointSchema = z.object({ x: z.number(), y: z.number(), name: z.string() });
const axisSchema = z.object({
  label: z.string(),
  /** First and last are the axis's ends. */
  ticks: z.array(z.object({ at: z.number(), text: z.string() })).min(2),
  logarithmic: z.boolean(),
});

const chartSchema = z.object({
  title: z.string(),
  /** What one is to see in it. */
  text: z.string(),
  x: axisSchema,
  y: axisSchema,
  /** Points of a series are joined, from left to right. */
  series: z.array(z.object({ name: z.string(), points: z.array(pointSchema).min(1) })),
});

/** docs/privacy-report.json, which `npm run report` writes and the app shows. */
export const reportSchema = z.object({
  release: z.object({ release: z.string(), model: z.string(), keyedModel: z.string() }),
  headline: z.object({
    columns: z.array(z.string()),
    rows: z.array(
      z.object({
        question: z.string(),
        measure: z.string(),
        /** A column each; null where the question does not arise or was not measured. */
        cells: z.array(z.string().nullable()),
      }),
    ),
    remarks: z.array(z.string()),
  }),
  charts: z.array(chartSchema),
  attackers: z.array(z.object({ id: z.string(), name: z.string(), question: z.string(), text: z.string() })),
  rows: z.array(rowSchema),
  /** What the same command found, run again from data and release alone. */
  repeated: z.array(
    rowSchema.pick({ command: true, metric: true, unit: true, value: true, low: true, high: true }).extend({
      again: z.number(),
      /** Whether that is in the interval, where there is one. */
      within: z.boolean().nullable(),
      date: rowSchema.shape.date,
      commit: rowSchema.shape.commit,
    }),
  ),
  notProtected: z.array(z.object({ what: z.string(), text: z.string() })),
  notRun: z.array(z.object({ what: z.string(), reason: z.string() })),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportRow = z.infer<typeof rowSchema>;
export type Chart = z.infer<typeof chartSchema>;
