#include "config/monitor_sections.h"

namespace thalweg {

namespace {

constexpr double hour = 3600.0 * 1000;

std::vector<Setting> drift_settings() {
  return {
      {.name = "threshold",
       .type = SettingType::number,
       .fallback = "0.25",
       .min = 0,
       .max = 100,
       .example = "0.1",
       .doc = "The population stability index from which a window counts as drifted, unless chance "
              "alone would reach more with so few rows."},
      {.name = "window",
       .type = SettingType::duration,
       .fallback = "1m",
       .min = 1,
       .max = 24 * hour,
       .example = "1h",
       .doc = "The least time of a window."},
      {.name = "rows_min",
       .type = SettingType::integer,
       .unit = "rows",
       .fallback = "1000",
       .min = 1000,
       .max = 1e9,
       .example = "10000",
       .doc = "The fewest rows of a window; it stays open until it has them. With fewer than 1,000 "
              "only large shifts would be told from chance."},
      {.name = "windows",
       .type = SettingType::integer,
       .unit = "windows",
       .fallback = "3",
       .min = 1,
       .max = 1000,
       .example = "5",
       .doc = "How many windows running must have drifted before it is an alarm."},
      {.name = "first_rows",
       .type = SettingType::integer,
       .unit = "rows",
       .fallback = "10000",
       .min = 1000,
       .max = 1e6,
       .example = "50000",
       .doc = "The rows that make the baseline of a version whose directory brings none."},
      {.name = "fields",
       .type = SettingType::strings,
       .example = "[amount, score]",
       .doc = "The fields, features and outputs to watch, a feature as `features.NAME`; if "
              "absent, all that the model reads and gives, and what feature steps make."},
      {.name = "features",
       .type = SettingType::boolean,
       .fallback = "true",
       .example = "false",
       .doc = "Whether what feature steps make is watched too, as the model sees it."},
      {.name = "topic",
       .example = "fraud.events",
       .doc = "Where the begin and the end of an alarm are written, as JSON; if absent, alarms are "
              "metrics, log lines and in the HTTP API only."},
  };
}

std::vector<Setting> comparison_settings() {
  return {{.name = "threshold",
           .type = SettingType::number,
           .fallback = "0.5",
           .example = "0.8",
           .doc = "From which score on a row counts as a yes; the share of decisions that flip is "
                  "counted at it. Between `low` and `high`."},
          {.name = "low",
           .type = SettingType::number,
           .fallback = "0",
           .example = "-1",
           .doc = "The least score that is told from others; what lies below counts in the "
                  "outermost of 64 cells."},
          {.name = "high",
           .type = SettingType::number,
           .fallback = "1",
           .example = "100",
           .doc = "The largest one; more than `low`."}};
}

std::vector<Setting> log_settings() {
  return {
      {.name = "topic",
       .example = "fraud.inference",
       .required = true,
       .doc = "The topic of the log; neither read nor written otherwise."},
      {.name = "share",
       .type = SettingType::number,
       .fallback = "0.01",
       .min = 0,
       .max = 1,
       .example = "1",
       .doc = "The share of predictions that are logged, chosen by the hash of their id: the same "
              "ones after a restart and in a replay."},
      {.name = "fields",
       .type = SettingType::strings,
       .example = "[amount, card]",
       .doc = "The fields to log with each prediction; if absent, none."},
      {.name = "features",
       .type = SettingType::strings,
       .example = "all",
       .doc = "The features to log, as the model was fed with them: names of what feature steps "
              "make, or `all`; if absent, none."},
      {.name = "mask",
       .type = SettingType::strings,
       .example = "[card, features.x]",
       .doc = "Fields, features (as `features.NAME`) and outputs of which only *** is written; a "
              "feature that is made of a masked field is masked too."},
      {.name = "epochs",
       .type = SettingType::boolean,
       .fallback = "true",
       .example = "false",
       .doc = "Whether a record, never sampled away, says from which offset on another version or "
              "epoch answered."},
  };
}

}  // namespace

const Section& drift_section() {
  static const Section section{
      .name = "drift",
      .doc =
          "Watches how the fields that a model reads, its features and its scores are distributed, "
          "and says when that is no longer what the model was trained on.",
      .settings = drift_settings()};
  return section;
}

const Section& comparison_section() {
  static const Section section{
      .name = "comparison",
      .doc =
          "How the scores of a champion and of its shadow are compared: the range of the 64 × 64 "
          "cells, and the threshold of decisions.",
      .settings = comparison_settings()};
  return section;
}

const Section& inference_log_section() {
  static const Section section{
      .name = "inference_log",
      .doc =
          "Writes a sample of the predictions, with who made them, to a topic of its own; "
          "delivered like the outputs. `thalweg evaluate` joins it with labels.",
      .settings = log_settings(),
      .shorthand = "topic"};
  return section;
}

}  // namespace thalweg
