// SPDX-License-Identifier: MIT
#include "stgmamba/infer/model_painter.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "stgmamba/nn/pixel_values.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::infer {
namespace {

/// [3, H, W] in [-1, 1].
at::Tensor to_tensor(const media::Image& image) {
  const at::Tensor rows = torch::tensor(at::ArrayRef<std::uint8_t>(image.pixels), torch::kUInt8);
  return nn::to_unit(rows.view({image.height, image.width, 3}).permute({2, 0, 1}));
}

/// [3, H, W] in [-1, 1].
media::Image to_image(const at::Tensor& frame) {
  const at::Tensor bytes = nn::to_bytes(frame).cpu().permute({1, 2, 0}).contiguous();
  media::Image image(static_cast<int>(frame.size(2)), static_cast<int>(frame.size(1)));
  std::copy_n(bytes.data_ptr<std::uint8_t>(), image.pixels.size(), image.pixels.begin());
  return image;
}

/// [18, 3]: x, y and whether seen.
at::Tensor joints_of(const PhotoPose& pose) {
  at::Tensor joints = torch::zeros({skeleton::kJoints, 3});
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (pose.seen(v)) {
      joints[v] = torch::tensor({pose[v].x, pose[v].y, 1.0}, torch::kFloat);
    }
  }
  return joints;
}

class ModelPainter {
 public:
  ModelPainter(const VideoModel& model, FramedPhoto photo, std::int64_t batch)
      : model_(model), photo_(std::move(photo)), batch_(batch) {
    const media::Image& picture = photo_.picture();
    STG_CHECK(picture.width == model.pose_maps.width && picture.height == model.pose_maps.height && batch > 0,
              "[model_drawer] a picture of {}x{} for a model of {}x{}, batch {}", picture.width, picture.height,
              model.pose_maps.width, model.pose_maps.height, batch);
    STG_CHECK(photo_.has_pose() || !model.network->needs_joints(), "[model_drawer] the network needs the photo's pose");
    condition_.image = to_tensor(picture).unsqueeze(0).to(model.device);
    condition_.joints = joints_of(photo_.own_pose()).unsqueeze(0).to(model.device);
  }

  media::Image draw(const DanceFrame& wanted, PhotoPose& placed) {
    while (ready_.empty() || ready_.front().frame < wanted.frame) {
      if (ready_.empty()) {
        make(wanted);
      } else {
        ready_.pop_front();
      }
    }
    STG_CHECK(ready_.front().frame == wanted.frame, "[model_drawer] frame {} after frame {}", wanted.frame,
              ready_.front().frame);
    placed = ready_.front().placed;
    media::Image picture = std::move(ready_.front().picture);
    ready_.pop_front();
    return picture;
  }

 private:
  struct Made {
    std::int64_t frame = 0;
    PhotoPose placed;
    media::Image picture;
  };

  /// What to make now: the frames that will be shown, or all in turn.
  std::vector<std::int64_t> choose(const DanceFrame& wanted) const {
    std::vector<std::int64_t> frames;
    if (!model_.network->recurrent()) {
      frames.push_back(wanted.frame);
      const auto more = wanted.later.first(std::min<std::size_t>(wanted.later.size(), std::size_t(batch_ - 1)));
      frames.insert(frames.end(), more.begin(), more.end());
      return frames;
    }
    for (std::int64_t frame = next_; frame < std::min(next_ + batch_, wanted.motion.frames()); ++frame) {
      frames.push_back(frame);
    }
    return frames;
  }

  void make(const DanceFrame& wanted) {
    const torch::NoGradGuard no_grad;
    const std::vector<std::int64_t> chosen = choose(wanted);
    STG_CHECK(!chosen.empty(), "[model_drawer] frame {} was made before", wanted.frame);
    std::vector<at::Tensor> maps, joints;
    for (const std::int64_t frame : chosen) {
      ready_.push_back({frame, photo_.place(wanted.motion, frame), {}});
      maps.push_back(pose_map(ready_.back().placed));
      joints.push_back(joints_of(ready_.back().placed));
    }
    const auto clip = [&](const std::vector<at::Tensor>& frames) {
      return torch::stack(frames).unsqueeze(0).to(model_.device);
    };
    const at::Tensor made = model_.network->render_next(condition_, {clip(maps), clip(joints)}, memory_).squeeze(0);
    if (!made.isfinite().all().item<bool>()) {
      throw CheckpointError("{}: its pictures are not finite: the training diverged; take an earlier checkpoint",
                            model_.source.string());
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      ready_[i].picture = to_image(made[static_cast<std::int64_t>(i)]);
    }
    next_ = chosen.back() + 1;
  }

  /// [P, H, W] in [-1, 1].
  at::Tensor pose_map(const PhotoPose& placed) const {
    skeleton::Motion one(1, 1.0);
    for (int v = 0; v < skeleton::kJoints; ++v) {
      one.x(0, v) = static_cast<float>(placed[v].x);
      one.y(0, v) = static_cast<float>(placed[v].y);
      one.score[static_cast<std::size_t>(v)] = placed.score[static_cast<std::size_t>(v)];
    }
    const skeleton::PoseMapStyle& style = model_.pose_maps;
    const std::vector<std::uint8_t> map = skeleton::pose_map(one, 0, {}, style);
    const at::Tensor planes = torch::tensor(at::ArrayRef<std::uint8_t>(map), torch::kUInt8);
    return nn::to_unit(planes.view({skeleton::pose_map_channels(style.kind), style.height, style.width}));
  }

  VideoModel model_;
  FramedPhoto photo_;
  std::int64_t batch_, next_ = 0;
  models::Photo condition_{{}};
  models::VideoGenerator::Memory memory_;
  std::deque<Made> ready_;
};

}  // namespace

DrawFrame model_drawer(const VideoModel& model, FramedPhoto photo, std::int64_t batch) {
  return [painter = std::make_shared<ModelPainter>(model, std::move(photo), batch)](
             const DanceFrame& frame, PhotoPose& placed) { return painter->draw(frame, placed); };
}

}  // namespace stgmamba::infer
