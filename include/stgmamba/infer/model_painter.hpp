// SPDX-License-Identifier: MIT
// Frames of a dance by a trained video network.
#pragma once

#include <cstdint>

#include "stgmamba/infer/framed_photo.hpp"
#include "stgmamba/infer/photo_video.hpp"
#include "stgmamba/infer/video_model.hpp"

namespace stgmamba::infer {

/// The photo's person as the network draws it. Frames must be asked for in order. A one-shot network makes the next
/// `batch` of those that will be asked for in one call; a recurrent one makes every frame in turn, whichever are shown.
/// No frame depends on `batch`. Memory: the pictures of a batch. The photo's picture must be as large as the model's.
DrawFrame model_drawer(const VideoModel& model, FramedPhoto photo, std::int64_t batch);

}  // namespace stgmamba::infer
