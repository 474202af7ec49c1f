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

/// Windows of filmed dances: each the condition I_0 and F pictures to make.
struct Pictures {
  std::int64_t size = 0;             // H = W, pixels
  std::int64_t channels = 0;         // P, of a pose map
  std::vector<std::uint8_t> frames;  // [B, F + 1, 3, H, W], the condition first
  std::vector<std::uint8_t> poses;   // [B, F, P, H, W] (skeleton/pose_map.hpp)
  std::vector<float> joints;         // [B, F + 1, V, 3] px and whether seen (skeleton::picture_joints)
  std::vector<float> flow;           // [B, F - 1, 2, H, W] px, where a pixel of frame i was in frame i - 1; i = 2..F
  std::vector<float> back;           // [B, F - 1, 2, H, W] px, the other way; both empty unless asked for
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

  Pictures pictures;                         // skeleton to video: instead of audio, pose and score
  std::map<std::string, Features> features;  // by name (music::kFeatureSets); what DataConfig::features asks for
};

/// Rows [first, first + count) of a batch.
Batch rows(const Batch& batch, std::int64_t first, std::int64_t count);

}  // namespace stgmamba::data
