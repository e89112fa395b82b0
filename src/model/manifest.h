// manifest.json of a version: which files belong to it, how long they are and what is in them.
//
//   {"format": 1, "version": 3, "created": "2026-11-24T00:10:00Z", "runtime": "tensorflow",
//    "files": [{"path": "saved_model.pb", "bytes": 123, "sha256": "…"}, …],
//    "signature": {"name": "serving_default", "inputs": […], "outputs": […]},
//    "golden": {"path": "golden.jsonl", "tolerance": 0.0001}, "baseline": "baseline.json", "features_sha256": "…"}
//
// `thalweg model publish` writes it; whoever trains may write it himself. All but `format` and `files` may be missing. It is no file of its
// own list. With it a copy is known to be whole before anything is loaded; without it one can only look whether it still changes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/model.h"

namespace thalweg {

inline constexpr const char* manifest_name = "manifest.json";

struct ManifestFile {
  std::string path;  // below the version's folder, with '/'
  std::uint64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits
};

struct Manifest {
  std::int64_t version = -1;  // -1: it does not say
  std::string runtime;
  std::string created;
  std::vector<ManifestFile> files;  // sorted by path
  Signature signature;              // without inputs: it does not say
  std::string golden;               // a file of the list; empty: none
  double golden_tolerance = 1e-4;
  std::string baseline;         // a file of the list; empty: none
  std::string features_sha256;  // what a pipeline's own features must hash to; empty: anything
  std::string sha256;           // of manifest.json itself, as it was read
};

// Null if the folder has none (or is a file). Errors: model_invalid (not a manifest), io_failed.
[[nodiscard]] Result<std::shared_ptr<const Manifest>> read_manifest(const std::string& folder);
// `where` is for errors. Paths that lead out of the folder are refused. Errors: model_invalid.
[[nodiscard]] Result<Manifest> parse_manifest(const std::string& text, const std::string& where);
[[nodiscard]] std::string to_json(const Manifest& manifest);

// Every file is there and as long as listed: cheap. Errors: model_invalid, naming the file.
[[nodiscard]] Status check_sizes(const std::string& folder, const Manifest& manifest);
// Every file has the bytes that it should have. Reads them all. Errors: model_invalid, io_failed.
[[nodiscard]] Status check_hashes(const std::string& folder, const Manifest& manifest);
// What the runtime says must be what the manifest says, where it says it. Errors: signature_mismatch.
[[nodiscard]] Status check_signature(const Manifest& manifest, const std::string& runtime,
                                     const Signature& signature);

// 64 hexadecimal digits, without holding the file in memory. Errors: io_failed.
[[nodiscard]] Result<std::string> sha256_of_file(const std::string& path);
// All files below `folder` but manifest.json, with sizes and hashes. Errors: io_failed.
[[nodiscard]] Result<std::vector<ManifestFile>> list_files(const std::string& folder);

}  // namespace thalweg
