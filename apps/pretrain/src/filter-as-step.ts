import type { Step } from '@smol/pipeline';
import type { QualityFilter } from '@smol/quality';

/** A filter as a pipeline step that also keeps what the filter found out (language, score). */
export function filterAsStep(filter: QualityFilter): Step {
  return {
    name: filter.name,
    process(document) {
      const result = filter.check(document);
      if (!result.keep) return { drop: result.reason, value: result.value, limit: result.limit };
      return {
        ...document,
        text: result.text ?? document.text,
        metadata: { ...document.metadata, ...result.metadata },
      };
    },
  };
}
