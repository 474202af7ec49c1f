// SPDX-License-Identifier: MIT
#include "stgmamba/data/batch.hpp"

#include "stgmamba/util/check.hpp"

namespace stgmamba::data {
namespace {

/// The rows' share of a field that has equally many values a row; an empty field stays empty.
template <typename Value>
std::vector<Value> part(const std::vector<Value>& values, const Batch& batch, std::int64_t first, std::int64_t count) {
  const std::ptrdiff_t each = std::ssize(values) / batch.size;
  return {values.begin() + first * each, values.begin() + (first + count) * each};
}

}  // namespace

Batch rows(const Batch& batch, std::int64_t first, std::int64_t count) {
  STG_CHECK(first >= 0 && count > 0 && first + count <= batch.size, "[rows] {} rows from {} of {}", count, first,
            batch.size);
  const auto cut = [&](const auto& values) { return part(values, batch, first, count); };
  Batch out;
  out.size = count;
  out.frames = batch.frames;
  out.audio = cut(batch.audio);
  out.pose = cut(batch.pose);
  out.score = cut(batch.score);
  out.style = cut(batch.style);
  out.sample = cut(batch.sample);
  out.take = cut(batch.take);
  out.source = cut(batch.source);
  out.start = cut(batch.start);
  out.beats = cut(batch.beats);
  out.pictures.size = batch.pictures.size;
  out.pictures.channels = batch.pictures.channels;
  out.pictures.frames = cut(batch.pictures.frames);
  out.pictures.poses = cut(batch.pictures.poses);
  out.pictures.joints = cut(batch.pictures.joints);
  out.pictures.flow = cut(batch.pictures.flow);
  out.pictures.back = cut(batch.pictures.back);
  for (const auto& [name, features] : batch.features) {
    out.features[name] = {features.size, cut(features.values)};
  }
  return out;
}

}  // namespace stgmamba::data
