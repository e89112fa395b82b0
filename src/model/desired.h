// What people want of one model of a pipeline: the value of a control record, and what the pipeline file says where there is none.
//
// Always the whole state, never a change to it: the last writer wins, and whoever reads the last record knows everything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/route.h"

namespace thalweg {

// Which version: "latest", a number ("3"), a label ("stable"), or a URI with its manifest's hash ("file:///models/x/3#sha256=…").
using VersionWish = std::string;

struct DesiredVariant {
  std::string name;  // "champion", "b"; "" for the only one
  VersionWish version = "latest";
  std::uint32_t share = bucket_count;  // of bucket_count; all shares add up to it
  bool operator==(const DesiredVariant&) const = default;
};

struct DesiredShadow {
  VersionWish version;
  std::string topic;       // where its outputs go; "": to metrics only
  double cpu_share = 0.5;  // of one core at most
  bool operator==(const DesiredShadow&) const = default;
};

struct DesiredModel {
  std::vector<DesiredVariant> variants{DesiredVariant{}};  // never empty; the first is the champion
  std::optional<DesiredShadow> shadow;
  std::string salt;  // "": the model's name
  std::string key;   // the field that buckets are made of; "": the record's key
  std::map<std::string, std::string> labels;  // label → version number
  bool operator==(const DesiredModel&) const = default;
};

}  // namespace thalweg
