// How long the data files of a checkpoint have to be, read from its variables.index.
//
// A data file carries no length of its own, so that a copy that paused in the middle looks whole; the index beside it knows where
// the last tensor of each ends.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace thalweg {

// By the file's number (00000 of variables.data-00000-of-00001): the bytes it has at least. Empty: the index cannot be read this
// way (compressed, or made by something newer), which says nothing about the data.
using ShardLengths = std::map<std::uint64_t, std::uint64_t>;
[[nodiscard]] std::optional<ShardLengths> shard_lengths(std::string_view index);

}  // namespace thalweg
