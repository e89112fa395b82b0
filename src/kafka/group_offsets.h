// A consumer's offsets and membership on their way into a producer's transaction: what source and sink must share of it.
#pragma once

#include "thalweg/ports.h"

#include "kafka/handles.h"

namespace thalweg::kafka {

using MembershipHandle =
    Handle<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy>;

struct ConsumerOffsets final : GroupOffsets {
  ListHandle offsets;
  MembershipHandle membership;
};

}  // namespace thalweg::kafka
