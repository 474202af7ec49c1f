// SPDX-License-Identifier: MIT
// A batch on the host, free of torch: what the loader's threads fill and the train layer turns into tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stgmamba::data {

inline constexpr int kSampleRate = 16000;      // Hz, mono
inline constexpr double kFps = 10.0;           // frames per second of the model
inline constexpr int kSamplesPerFrame = 1600;  // r

/// What a network may hear beside the samples.
struct Features {
  std::int64_t size = 0;      // n
  std::vector<float> values;  // [B, F, n]
};

struct Batch {
  std::int64_t size = 0, frames = 0;       // B, F
  std::vector<float> audio;                // [B, F, 1600] in [-1, 1]
  std::vector<float> pose;                 // [B, F, V, 2] MDVS-normalised; missing joints filled
  std::vector<float> score;                // [B, F, V]; 0 = the joint was missing
  std::vector<std::int64_t> style;         // [B]
  std::vector<std::int64_t> sample;        // [B] global sample index: epoch * epoch size + position
  std::vector<std::string> take, source;   // [B] ids of the take and of the video it came from
  std::vector<double> start;               // [B] s, where in the take the window starts
  std::vector<std::vector<double>> beats;  // [B] s from the window's start; config `data.beats` says whose

  std::map<std::string, Features> features;  // by name (music::kFeatureSets); what DataConfig::features asks for
};

}  // namespace stgmamba::data
