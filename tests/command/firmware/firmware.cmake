# A bare firmware for the tests: NAME.elf and NAME.bin in the current binary
# directory, from the sources given and the console. It is for a Cortex-M4 and
# the F446's USART; or test_firmware(NAME cortex-m3 ...): for an F103 then, or,
# without the console, for both. The RAM is the least that any board has. What
# TEST_FIRMWARE_OPTIONS says is for the compiler, too.
find_program(ARM_GCC arm-none-eabi-gcc REQUIRED)
find_program(ARM_OBJCOPY arm-none-eabi-objcopy REQUIRED)
set(TEST_FIRMWARE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(test_firmware name)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name})
  set(script ${TEST_FIRMWARE_DIR}/firmware.ld)
  set(sources ${ARGN} ${TEST_FIRMWARE_DIR}/print.c)
  if("${ARGV1}" STREQUAL cortex-m3)
    list(REMOVE_AT sources 0)
    list(APPEND sources ${TEST_FIRMWARE_DIR}/console_f1.c)
    set(cpu cortex-m3)
  else()
    list(APPEND sources ${TEST_FIRMWARE_DIR}/console.c)
    set(cpu cortex-m4)
  endif()
  file(GLOB headers ${CMAKE_CURRENT_SOURCE_DIR}/firmware/*.h
    ${TEST_FIRMWARE_DIR}/*.h)
  add_custom_command(
    OUTPUT ${output}.elf ${output}.bin
    # naked functions take their parameters in registers
    COMMAND ${ARM_GCC} -std=c11 -g -Os -Wall -Wextra -Werror
      -Wno-unused-parameter -mcpu=${cpu} -mthumb -ffreestanding -nostdlib
      -I ${TEST_FIRMWARE_DIR} ${TEST_FIRMWARE_OPTIONS} -T ${script} ${sources} -o ${output}.elf
    COMMAND ${ARM_OBJCOPY} -O binary ${output}.elf ${output}.bin
    DEPENDS ${sources} ${headers} ${script}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    COMMENT "Building the test firmware ${name}"
    VERBATIM)
  add_custom_target(test_firmware_${name} ALL DEPENDS ${output}.elf)
endfunction()
