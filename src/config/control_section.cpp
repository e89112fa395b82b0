#include "config/control_section.h"

namespace thalweg {

const Section& control_section() {
  static const Section section{
      .name = "control",
      .doc =
          "Where it is written which model versions are wanted while the pipeline runs. Without "
          "a topic a single process keeps it in a file of `state_directory`, or else in memory.",
      .settings =
          {{.name = "topic",
            .example = "thalweg.control",
            .doc = "A compacted topic of one partition that the processes of one or many pipelines "
                   "follow; it is created if `create_topics` allows it."},
           {.name = "audit_topic",
            .example = "thalweg.control.audit",
            .doc = "The history of changes, a topic that is not compacted; if absent, the control "
                   "topic's name and `.audit`."},
           {.name = "alive",
            .type = SettingType::duration,
            .fallback = "10s",
            .min = 300,
            .max = 3600000,
            .example = "5s",
            .doc = "A process that was not heard for longer is not waited for when routes move; "
                   "each says three times as often that it lives."},
           {.name = "peek_mask",
            .type = SettingType::strings,
            .example = "[card, name]",
            .doc = "Fields that `thalweg peek` shows as ***."},
           {.name = "ready_share",
            .type = SettingType::number,
            .fallback = "1",
            .min = 0,
            .max = 1,
            .example = "0.5",
            .doc = "Share of the live processes that must have prepared a version before routes "
                   "move."}},
      .shorthand = "topic"};
  return section;
}

}  // namespace thalweg
