# What the build must know of the board's chip: STM32F446RE.
set(OTA_PORT stm32/f4) # its generation's folder, in port/
set(OTA_CHIP f446)     # its vectors_<chip>.c there
set(OTA_CORE cortex-m4)
set(OTA_CRC_UNIT ON) # port/stm32/crc32.c drives it
