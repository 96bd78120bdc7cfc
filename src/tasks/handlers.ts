/** Every task's handler, loaded when first needed. Add one: its file, and its line here. */
import type { TaskMap, TaskName } from '../jobs/protocol.ts'
import type { Host } from './task.ts'

type Lazy<N extends TaskName> = () => Promise<(input: TaskMap[N]['input'], host: Host) => Promise<TaskMap[N]['output']>>
type Handlers = { readonly [N in TaskName]?: Lazy<N> }

/** Reading files: the ingest worker. */
export const ingestHandlers: Handlers = {
  'ingest/preview': async () => (await import('./ingest-preview.ts')).ingestPreview,
  'ingest/commit': async () => (await import('./ingest-commit.ts')).ingestCommit,
  'ingest/keep': async () => (await import('./ingest-commit.ts')).ingestKeep,
  'pictures/add': async () => (await import('./pictures-add.ts')).picturesAdd,
  'pictures/commit': async () => (await import('./pictures-commit.ts')).picturesCommit,
  'data/rekind': async () => (await import('./data-rekind.ts')).dataRekind,
}

/** Everything else: the compute and the interactive worker, which share one script. */
export const computeHandlers: Handlers = {
  'data/rows': async () => (await import('./data-rows.ts')).dataRows,
  'data/leaks': async () => (await import('./data-leaks.ts')).dataLeaks,
  'prepare/preview': async () => (await import('./prepare-preview.ts')).preparePreview,
  'pictures/quality': async () => (await import('./pictures-quality.ts')).picturesQuality,
  'backbone/look': async () => (await import('./backbone.ts')).backboneLook,
  'backbone/try': async () => (await import('./backbone.ts')).backboneTry,
  'backbone/bring': async () => (await import('./backbone.ts')).backboneBring,
  'backbone/remove': async () => (await import('./backbone.ts')).backboneRemove,
  'backbone/list': async () => (await import('./backbone.ts')).backboneList,
  'pictures/samples': async () => (await import('./picture-samples.ts')).pictureSamples,
  'train': async () => (await import('./train.ts')).train,
  'model/inspect': async () => (await import('./model-bring.ts')).modelInspect,
  'model/bring-own': async () => (await import('./model-bring.ts')).modelBringOwn,
  'model/bring': async () => (await import('./model-bring.ts')).modelBring,
  'elsewhere/job': async () => (await import('./elsewhere.ts')).elsewhereJob,
  'fold': async () => (await import('./fold.ts')).fold,
  'tune': async () => (await import('./tune.ts')).tune,
  'tune/forecast': async () => (await import('./tune-forecast.ts')).tuneForecast,
  'evaluate/test': async () => (await import('./evaluate-test.ts')).evaluateTest,
  'evaluate/threshold': async () => (await import('./evaluate-threshold.ts')).evaluateThreshold,
  'evaluate/groups': async () => (await import('./evaluate-groups.ts')).evaluateGroups,
  'evaluate/curve': async () => (await import('./evaluate-curve.ts')).evaluateCurve,
  'evaluate/curves': async () => (await import('./evaluate-curve.ts')).evaluateCurves,
  'evaluate/compare': async () => (await import('./evaluate-compare.ts')).evaluateCompare,
  'evaluate/ranks': async () => (await import('./evaluate-compare.ts')).evaluateRanks,
  'evaluate/cell': async () => (await import('./evaluate-cell.ts')).evaluateCell,
  'explain/row': async () => (await import('./explain-row.ts')).explainRow,
  'explain/predict': async () => (await import('./explain-predict.ts')).explainPredict,
  'explain/run': async () => (await import('./explain-run.ts')).explainRun,
  'explain/picture': async () => (await import('./explain-picture.ts')).explainPicture,
  'explain/picture-layers': async () => (await import('./explain-picture-layers.ts')).explainPictureLayers,
  'explain/picture-map': async () => (await import('./explain-picture.ts')).explainPictureMap,
  'explain/picture-edit': async () => (await import('./explain-picture-edit.ts')).explainPictureEdit,
  'deploy/export': async () => (await import('./deploy-export.ts')).deployExport,
  'deploy/twin': async () => (await import('./deploy-twin.ts')).deployTwin,
  'deploy/single': async () => (await import('./deploy-single.ts')).deploySingle,
  'deploy/predict': async () => (await import('./deploy-predict.ts')).deployPredict,
  'deploy/predict-frame': async () => (await import('./predict-pictures.ts')).predictFrame,
  'deploy/predict-pictures': async () => (await import('./predict-pictures.ts')).predictPictures,
  'monitor/run': async () => (await import('./monitor-run.ts')).monitorRun,
  'monitor/retrain': async () => (await import('./monitor-retrain.ts')).monitorRetrain,
  'project/export': async () => (await import('./project-export.ts')).projectExport,
  'project/import': async () => (await import('./project-import.ts')).projectImport,
  'project/copy': async () => (await import('./project-copy.ts')).projectCopy,
  'storage/check': async () => (await import('./storage-check.ts')).storageCheck,
}
