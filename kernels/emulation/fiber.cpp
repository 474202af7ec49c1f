// SPDX-License-Identifier: MIT
#include "emulation/fiber.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__x86_64__)
// Saves the callee-saved registers on the stack left and takes them from the stack entered. The floating-point modes
// stay as they are: all threads of a kernel share them. (swapcontext makes a system call each time, 20 times slower.)
extern "C" void stg_fiber_switch(void** save, void* load);
asm(R"(
.text
.globl stg_fiber_switch
.type stg_fiber_switch, @function
stg_fiber_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size stg_fiber_switch, .-stg_fiber_switch
)");
#endif

namespace stgmamba::kernels::emulation {
namespace {

constexpr std::size_t kStackBytes = 128 * 1024;
constexpr std::size_t kGuardBytes = 4096;  // an overflow must not reach the neighbour's stack
thread_local Fiber* starting = nullptr;

}  // namespace

struct FiberContext {
#if defined(__x86_64__)
  void* fiber = nullptr;
  void* scheduler = nullptr;
#else
  ucontext_t fiber{}, scheduler{};
#endif
  char* memory = nullptr;  // guard, then stack
  char* stack() const {
    return memory + kGuardBytes;
  }
  // AddressSanitizer keeps a shadow stack a fiber and must be told of every switch.
  void* fake_scheduler = nullptr;
  void* fake_fiber = nullptr;
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_size = 0;
};

void fiber_entry() {
  Fiber* self = starting;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &self->context_->scheduler_stack, &self->context_->scheduler_size);
#endif
  Fiber::run(self);
}

void Fiber::run(Fiber* self) {
  self->entry_(self->argument_);
  self->suspend(true);
  std::abort();
}

Fiber::Fiber() : context_(std::make_unique<FiberContext>()) {
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::bad_alloc();
  }
  mprotect(memory, kGuardBytes, PROT_NONE);
  context_->memory = static_cast<char*>(memory);
}

Fiber::~Fiber() {
  munmap(context_->memory, kGuardBytes + kStackBytes);
}

void Fiber::start(Entry entry, void* argument) {
  entry_ = entry;
  argument_ = argument;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(context_->stack(), kStackBytes);  // frames that a fault left behind
#endif
#if defined(__x86_64__)
  auto* top = reinterpret_cast<std::uintptr_t*>(context_->stack() + kStackBytes);
  *--top = 0;  // aligns the stack as a call would
  *--top = reinterpret_cast<std::uintptr_t>(&fiber_entry);
  for (int saved = 0; saved < 6; ++saved) {
    *--top = 0;
  }
  context_->fiber = top;
#else
  getcontext(&context_->fiber);
  context_->fiber.uc_stack.ss_sp = context_->stack();
  context_->fiber.uc_stack.ss_size = kStackBytes;
  context_->fiber.uc_link = nullptr;
  makecontext(&context_->fiber, fiber_entry, 0);
#endif
}

void Fiber::resume() {
  starting = this;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&context_->fake_scheduler, context_->stack(), kStackBytes);
#endif
#if defined(__x86_64__)
  stg_fiber_switch(&context_->scheduler, context_->fiber);
#else
  swapcontext(&context_->scheduler, &context_->fiber);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(context_->fake_scheduler, nullptr, nullptr);
#endif
}

void Fiber::suspend([[maybe_unused]] bool forever) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(forever ? nullptr : &context_->fake_fiber, context_->scheduler_stack,
                                 context_->scheduler_size);
#endif
#if defined(__x86_64__)
  stg_fiber_switch(&context_->fiber, context_->scheduler);
#else
  swapcontext(&context_->fiber, &context_->scheduler);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(context_->fake_fiber, &context_->scheduler_stack, &context_->scheduler_size);
#endif
}

}  // namespace stgmamba::kernels::emulation
